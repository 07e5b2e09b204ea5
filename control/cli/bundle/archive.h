/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of a bundle as a compressed archive. */
#pragma once

struct bundle;

struct bundle_archive {
	const char *path;      /* "-": stdout */
	const char *directory; /* what all files are in */
};

/*
 * Writes what a bundle has, as a tar of gzip, and only its owner may read it. The archive appears
 * at path once it is whole. Result: 0, or with *ret_reason (a text to be freed, NULL for want of
 * memory) -EEXIST: something is there already, which is left as it is; or -errno.
 */
int bundle_archive_write(const struct bundle_archive *archive, const struct bundle *bundle,
			 char **ret_reason);
