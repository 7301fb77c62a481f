// What a program does with Amazon's own library for JavaScript, whose decoder is the strictest of all: every answer goes through
// it. Prints one line of JSON: what it saw, for the test to judge.
import {
    EC2Client, CreateKeyPairCommand, CreateTagsCommand, DeleteKeyPairCommand, DescribeAvailabilityZonesCommand,
    DescribeInstancesCommand, DescribeInstanceTypesCommand, DescribeImagesCommand, RunInstancesCommand, TerminateInstancesCommand,
    paginateDescribeInstances, waitUntilInstanceRunning, waitUntilInstanceTerminated,
} from "@aws-sdk/client-ec2";

const ec2 = new EC2Client({endpoint: process.env.EC2_URL, region: process.env.AWS_DEFAULT_REGION, maxAttempts: 1});
const bounds = {client: ec2, minDelay: 1, maxDelay: 2, maxWaitTime: 120};
const seen = {};

seen.zones = (await ec2.send(new DescribeAvailabilityZonesCommand({}))).AvailabilityZones.map((z) => [z.ZoneName, z.State]);
const types = (await ec2.send(new DescribeInstanceTypesCommand({InstanceTypes: ["t1.nano"]}))).InstanceTypes;
seen.memory = types[0].MemoryInfo.SizeInMiB;
const image = (await ec2.send(new DescribeImagesCommand({ImageIds: [process.env.IMAGE_ID]}))).Images[0];
seen.image = [image.State, typeof image.Public, image.BlockDeviceMappings[0].Ebs.DeleteOnTermination];

const key = await ec2.send(new CreateKeyPairCommand({KeyName: "from-js", KeyType: "ed25519"}));
seen.key = key.KeyMaterial.startsWith("-----BEGIN OPENSSH PRIVATE KEY-----");

const run = await ec2.send(new RunInstancesCommand({
    ImageId: process.env.IMAGE_ID, InstanceType: "t1.nano", MinCount: 2, MaxCount: 2, KeyName: "from-js",
    ClientToken: `js-${process.pid}`,
    TagSpecifications: [{ResourceType: "instance", Tags: [{Key: "Name", Value: "grüße & <küsse>"}]}],
}));
const ids = run.Instances.map((i) => i.InstanceId);
seen.launched = [ids.length, run.Instances.every((i) => i.LaunchTime instanceof Date), run.Instances[0].Tags[0].Value];
seen.running = (await waitUntilInstanceRunning(bounds, {InstanceIds: ids})).state;

const pages = [];
for await (const page of paginateDescribeInstances({client: ec2, pageSize: 5}, {Filters: [{Name: "key-name", Values: ["from-*"]}]}))
    pages.push(page.Reservations.flatMap((r) => r.Instances.map((i) => i.InstanceId)));
seen.found = pages.flat().sort().join() === [...ids].sort().join();

await ec2.send(new CreateTagsCommand({Resources: ids, Tags: [{Key: "emptied", Value: ""}]}));
const tagged = await ec2.send(new DescribeInstancesCommand({InstanceIds: [ids[0]]}));
seen.tag = tagged.Reservations[0].Instances[0].Tags.find((t) => t.Key === "emptied").Value;

try {
    await ec2.send(new DescribeInstancesCommand({InstanceIds: ["i-0123456789abcdef0"]}));
} catch (error) {
    seen.error = [error.name, error.$metadata.httpStatusCode, typeof error.$metadata.requestId];
}
await ec2.send(new TerminateInstancesCommand({InstanceIds: ids}));
seen.terminated = (await waitUntilInstanceTerminated(bounds, {InstanceIds: ids})).state;
await ec2.send(new DeleteKeyPairCommand({KeyName: "from-js"}));
console.log(JSON.stringify(seen));
