# unit tests of cloud
