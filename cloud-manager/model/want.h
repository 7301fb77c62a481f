/* want.h - what the owner of an instance asked for. Stored as these numbers. */
#pragma once

enum cloud_want { CLOUD_WANT_RUNNING = 1, CLOUD_WANT_STOPPED = 2, CLOUD_WANT_TERMINATED = 3 };
