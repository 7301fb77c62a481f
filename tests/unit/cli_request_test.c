/* cli_request_test.c - each kind of flag becomes the parameters that EC2's Query protocol has for
 * it; both spellings give the same request. */
#include "tests/unit/cli_rig.h"

#include "base/check.h"
#include "cli/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;

static void gives(const char *words, const char *params)
{
    assert_string_equal(rig_params(&arena, words), params);
}

static enum cli_exit refused(const char *words, struct cli_fault *fault)
{
    struct cli_params params = {.arena = &arena};
    struct cli_line line;
    assert_int_equal(rig_parse(&line, &arena, words, fault), CLI_OK);
    return cli_request_build(&line, &params, fault);
}

static void both_spellings_ask_for_the_same(void **state)
{
    (void)state;
    gives("instance create --image ami-1 --type t1.nano --key me --count 3 --zone za --name a~b",
          "ImageId=ami-1 InstanceType=t1.nano KeyName=me MinCount=3 MaxCount=3 "
          "Placement.AvailabilityZone=za TagSpecification.1.ResourceType=instance "
          "TagSpecification.1.Tag.1.Key=Name TagSpecification.1.Tag.1.Value=a%20b");
    gives("run-instances --image-id ami-1 --instance-type t1.nano --key-name me --count 3 "
          "--placement AvailabilityZone=za "
          "--tag-specifications ResourceType=instance,Tags=[{Key=Name,Value=a~b}]",
          "ImageId=ami-1 InstanceType=t1.nano KeyName=me MinCount=3 MaxCount=3 "
          "Placement.AvailabilityZone=za TagSpecification.1.ResourceType=instance "
          "TagSpecification.1.Tag.1.Key=Name TagSpecification.1.Tag.1.Value=a%20b");
}

static void lists_are_numbered(void **state)
{
    (void)state;
    gives("instance stop a b --force", "InstanceId.1=a InstanceId.2=b Force=true");
    gives("stop-instances --instance-ids a b --force", "InstanceId.1=a InstanceId.2=b Force=true");
    gives("run-instances --image-id a --min-count 1 --max-count 2 --security-group-ids x y",
          "ImageId=a MinCount=1 MaxCount=2 SecurityGroupId.1=x SecurityGroupId.2=y");
}

static void filters(void **state)
{
    (void)state;
    gives("instance list --state running --state pending --name w*",
          "Filter.1.Name=instance-state-name Filter.1.Value.1=running Filter.1.Value.2=pending "
          "Filter.2.Name=tag%3AName Filter.2.Value.1=w%2A");
    gives("describe-instances --filters Name=tag:a,Values=b,c Name=vpc-id,Values=v",
          "Filter.1.Name=tag%3Aa Filter.1.Value.1=b Filter.1.Value.2=c "
          "Filter.2.Name=vpc-id Filter.2.Value.1=v");
    gives("instance list --state running --filter Name=vpc-id,Values=v",
          "Filter.1.Name=instance-state-name Filter.1.Value.1=running "
          "Filter.2.Name=vpc-id Filter.2.Value.1=v");
}

static void tags(void **state)
{
    (void)state;
    gives("tag set i-1 --tag a=b --tag c=d=e",
          "ResourceId.1=i-1 Tag.1.Key=a Tag.1.Value=b Tag.2.Key=c Tag.2.Value=d%3De");
    gives("tag delete i-1 --tag a --tag b=",
          "ResourceId.1=i-1 Tag.1.Key=a Tag.2.Key=b Tag.2.Value=");
    gives("create-tags --resources i-1 i-2 --tags Key=a,Value=b Key=c,Value=",
          "ResourceId.1=i-1 ResourceId.2=i-2 Tag.1.Key=a Tag.1.Value=b Tag.2.Key=c Tag.2.Value=");
    gives("instance create --image a --name n --tag k=v",
          "ImageId=a TagSpecification.1.ResourceType=instance TagSpecification.1.Tag.1.Key=Name "
          "TagSpecification.1.Tag.1.Value=n TagSpecification.1.Tag.2.Key=k "
          "TagSpecification.1.Tag.2.Value=v");
}

static void bytes_go_as_base64(void **state)
{
    (void)state;
    char path[] = "/tmp/cli_request_test.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a\0b\n", 4), 4);
    close(fd);
    gives("instance create --image a --user-data hi", "ImageId=a UserData=aGk%3D");
    gives(arena_printf(&arena, "instance create --image a --user-data @%s", path),
          "ImageId=a UserData=YQBiCg%3D%3D");
    gives(arena_printf(&arena, "run-instances --image-id a --user-data file://%s", path),
          "ImageId=a UserData=YQBiCg%3D%3D");
    unlink(path);
    struct cli_fault fault;
    assert_int_equal(refused("instance create --image a --user-data @/nowhere", &fault),
                     CLI_FAILED);
    assert_string_equal(fault.what, "cannot read /nowhere: No such file or directory");
}

static void what_cannot_be_is_refused_before_it_is_sent(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "instance create --image a --count 0",
        "instance create --image a --count x",
        "instance create --image a --count 3:2",
        "instance create --image a --count 1:",
        "run-instances --image-id a --min-count 1x",
        "describe-instances --filters nonsense",
        "describe-instances --filters Name=a,Values",
        "describe-instances --filters {\"Name\":",
        "describe-instances --filters {\"Name\":null}",
        "run-instances --image-id a --placement [1]",
        "create-tags --resources r --tags [{Key=a}",
        "create-tags --resources r --tags Key={",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cli_fault fault;
        if (refused(bad[i], &fault) != CLI_USAGE)
            fail_msg("%s was taken", bad[i]);
    }
}

/* Shorthand and JSON of the aws CLI's documentation. */
static void structures(void **state)
{
    (void)state;
    const char *disk = "ImageId=a BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsda1 "
                       "BlockDeviceMapping.1.Ebs.VolumeSize=8 "
                       "BlockDeviceMapping.1.Ebs.DeleteOnTermination=true";
    gives("run-instances --image-id a --block-device-mappings "
          "DeviceName=/dev/sda1,Ebs={VolumeSize=8,DeleteOnTermination=true}",
          disk);
    gives(
        "run-instances --image-id a --block-device-mappings "
        "[{\"DeviceName\":\"/dev/sda1\",\"Ebs\":{\"VolumeSize\":8,\"DeleteOnTermination\":true}}]",
        disk);
    gives("authorize-security-group-ingress --group-id sg-1 --ip-permissions "
          "IpProtocol=tcp,FromPort=22,ToPort=22,IpRanges=[{CidrIp=0.0.0.0/0},{CidrIp=10.0.0.0/8}],"
          "UserIdGroupPairs=[{GroupId=sg-2}]",
          "GroupId=sg-1 IpPermissions.1.IpProtocol=tcp IpPermissions.1.FromPort=22 "
          "IpPermissions.1.ToPort=22 IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0%2F0 "
          "IpPermissions.1.IpRanges.2.CidrIp=10.0.0.0%2F8 IpPermissions.1.Groups.1.GroupId=sg-2");
    gives("run-instances --image-id a --network-interfaces DeviceIndex=0,Groups=sg-1,SubnetId=s",
          "ImageId=a NetworkInterface.1.DeviceIndex=0 NetworkInterface.1.SecurityGroupId.1=sg-1 "
          "NetworkInterface.1.SubnetId=s");
    gives("create-tags --resources r --tags Key=\"a,b\",Value='x=y'",
          "ResourceId.1=r Tag.1.Key=a%2Cb Tag.1.Value=x%3Dy");
}

static void encoding(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    cli_percent(&out, "aZ09-._~ /?&=+%\xc3\xbc", "");
    assert_string_equal(buf_str(&out), "aZ09-._~%20%2F%3F%26%3D%2B%25%C3%BC");
    buf_clear(&out);
    cli_percent(&out, "a/../b c", "/");
    assert_string_equal(buf_str(&out), "a/../b%20c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_spellings_ask_for_the_same),
        cmocka_unit_test(lists_are_numbered),
        cmocka_unit_test(filters),
        cmocka_unit_test(tags),
        cmocka_unit_test(bytes_go_as_base64),
        cmocka_unit_test(what_cannot_be_is_refused_before_it_is_sent),
        cmocka_unit_test(structures),
        cmocka_unit_test(encoding),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    return failed;
}
