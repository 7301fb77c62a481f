/* schema.h - the tables of dos's index. Each table's file says what its rows mean. */
#pragma once

#include "base/store.h"

const struct store_schema *dos_schema(void);
