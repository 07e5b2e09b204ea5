/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a request's head must keep to beyond what libmicrohttpd holds it to (RFC 9112): whoever is
 * between a client and us must read the same requests in the same bytes as we do.
 */
#pragma once

#include <microhttpd.h>

/* Result: NULL, or a static sentence that says what is wrong with the headers of a request. */
const char *http_form_check(struct MHD_Connection *connection, const char *version);
