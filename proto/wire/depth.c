/* depth.c - counts brackets that are not in a text. */
#include "proto/wire/depth.h"

bool wire_is_too_deep(const char *json, size_t len)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        if (quoted && json[i] == '\\')
            i++;
        else if (json[i] == '"')
            quoted = !quoted;
        else if (!quoted && (json[i] == '{' || json[i] == '[') && ++depth > WIRE_DEPTH_MAX)
            return true;
        else if (!quoted && (json[i] == '}' || json[i] == ']'))
            depth--;
    }
    return false;
}
