# unit tests of network
