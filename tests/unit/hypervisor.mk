# unit tests of hypervisor
