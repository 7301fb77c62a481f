/* timer.h - a thing to be done now and then by the shell, between turns. Used by main.c. */
#pragma once

#include <stdint.h>

struct loop;
struct cloud_timer;

/* Calls fn(self) on the loop's thread every `every_ms`. */
struct cloud_timer *cloud_timer_open(struct loop *loop, int64_t every_ms, void (*fn)(void *self),
                                     void *self);
/* Its memory goes when the loop has run once more. */
void cloud_timer_close(struct cloud_timer *timer);
