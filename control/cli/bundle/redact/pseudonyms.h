/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which addresses may be named to others, and what the rest is called instead: "ipv4-1", "ipv6-2",
 * "link-1", numbered as they come up. One address has one name for as long as this lives; nothing
 * but this leads back from it.
 */
#pragma once

#include <sallyport/table.h>

#include "host/addr.h"

#define PSEUDONYM_BYTES 64

struct pseudonyms;

/* At first only those that are nobody's may be named, such as loopback's. Result: 0 or -ENOMEM. */
int redact_pseudonyms_open(struct pseudonyms **ret_pseudonyms);

/* NULL is allowed. */
void redact_pseudonyms_close(struct pseudonyms *pseudonyms);

/* The addresses of a prefix may be named as well. Result: 0 or -ENOMEM. */
int redact_pseudonyms_know(struct pseudonyms *pseudonyms, const struct sp_prefix *prefix);

/* So may those that this host has now. Result: 0 or -errno. */
int redact_pseudonyms_know_host(struct pseudonyms *pseudonyms);

/* Writes what to call an address. Result: ret_text. */
const char *redact_pseudonyms_address(struct pseudonyms *pseudonyms, const struct sp_addr *addr,
				      char ret_text[PSEUDONYM_BYTES]);

/*
 * Writes what to call a prefix: its address's name and its length. One around an address that may
 * be named, or of such, is named. Result: ret_text.
 */
const char *redact_pseudonyms_prefix(struct pseudonyms *pseudonyms, const struct sp_prefix *prefix,
				     char ret_text[PSEUDONYM_BYTES]);

/* Writes what to call a link-layer address, of any form. None of them is named. Result: ret_text.
 */
const char *redact_pseudonyms_link(struct pseudonyms *pseudonyms, const char *link,
				   char ret_text[PSEUDONYM_BYTES]);
