/* hypervisor_cmocka.h - what every test of the hypervisor includes before anything else. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
