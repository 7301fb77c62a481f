/* network_facts.c - see network_facts.h. */
#include "tests/unit/network_facts.h"

struct host_port network_facts_port(void)
{
    return (struct host_port){
        .port = "eni-0123456789abcdef0",
        .instance = "i-0123456789abcdef0",
        .vpc = "vpc-0123456789abcdef0",
        .vni = 10,
        .mac = {0x02, 0, 0, 0, 0, 5},
        .address = 0xac1f0005,
        .subnet = 0xac1f0000,
        .subnet_len = 20,
        .vpc_cidr = 0xac1f0000,
        .vpc_cidr_len = 16,
        .gateway = 0xac1f0001,
        .hostname = "ip-172-31-0-5",
        .domain = "test-1.compute.internal",
        .mtu = 1450,
    };
}

struct metadata_instance network_facts_instance(void)
{
    static const unsigned char user_data[] = {'#', '!', 0, 0xff, '\n'};
    return (struct metadata_instance){
        .instance = "i-0123456789abcdef0",
        .image = "ami-0123456789abcdef0",
        .type = "t3.micro",
        .reservation = "r-0123456789abcdef0",
        .account = "123456789012",
        .region = "test-1",
        .zone = "test-1a",
        .hostname = "ip-172-31-0-5.test-1.compute.internal",
        .public_hostname = "",
        .public_address = "",
        .profile = "default-hvm",
        .key_name = "my key",
        .key = "ssh-ed25519 AAAA my",
        .root_device = "/dev/sda1",
        .port = "eni-0123456789abcdef0",
        .vpc = "vpc-0123456789abcdef0",
        .subnet = "subnet-0123456789abcdef0",
        .mac = {0x02, 0, 0, 0, 0, 5},
        .address = 0xac1f0005,
        .subnet_cidr = 0xac1f0000,
        .vpc_cidr = 0xac1f0000,
        .subnet_len = 20,
        .vpc_len = 16,
        .launched_ms = 1763638415123,
        .architecture = "x86_64",
        .user_data = user_data,
        .user_data_len = sizeof user_data,
        .groups_len = 2,
        .groups = {{"sg-00000001", "default"}, {"sg-00000002", "web"}},
        .hop_limit = 1,
    };
}
