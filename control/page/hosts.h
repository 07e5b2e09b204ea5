/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Under which names a browser may ask for the page. A site that has its own name lead to our
 * address (DNS rebinding) would otherwise read the page by its visitors' browsers, since for them
 * it is that site's. Such a site has a name: who asks for an address means us.
 */
#pragma once

#include <stdbool.h>

#include "host/config.h"

/* Result: whether host, a Host header or NULL, is an address, localhost, or one of the names. */
bool page_hosts_allow(const char *host, const char (*names)[CONFIG_HOST_SIZE], unsigned int nr);
