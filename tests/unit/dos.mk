# unit tests of dos
