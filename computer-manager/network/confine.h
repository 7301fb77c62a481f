/* confine.h - what computer-network may still do once it has started. */
#pragma once

#include "base/err.h"

/* Keeps the few capabilities that links, filters, namespaces and dnsmasq's own dropping of
 * privilege need, for itself and whatever it starts, and refuses system calls that none of this
 * needs (EPERM). There is no way back. */
enum err_code confine_self(struct err *err);
