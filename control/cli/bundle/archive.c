/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/bundle/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "cli/bundle/bundle.h"

/* Result: of libarchive, ARCHIVE_OK or worse. */
static int put_data(struct archive *writer, const char *text)
{
	size_t bytes = strlen(text);

	return archive_write_data(writer, text, bytes) == (la_ssize_t)bytes ? ARCHIVE_OK
									    : ARCHIVE_FATAL;
}

static int put_file(struct archive *writer, const char *directory, const struct bundle_file *file)
{
	struct archive_entry *entry = archive_entry_new();
	char *path;
	int r;

	if (!entry || asprintf(&path, "%s/%s", directory, file->name) < 0) {
		archive_entry_free(entry);
		archive_set_error(writer, ENOMEM, "out of memory");
		return ARCHIVE_FATAL;
	}
	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0600);
	archive_entry_set_size(entry, (la_int64_t)strlen(file->text));
	archive_entry_set_mtime(entry, time(NULL), 0);
	r = archive_write_header(writer, entry);
	if (r == ARCHIVE_OK)
		r = put_data(writer, file->text);
	free(path);
	archive_entry_free(entry);
	return r;
}

static int put_all(struct archive *writer, int fd, const char *directory,
		   const struct bundle *bundle)
{
	int r = archive_write_add_filter_gzip(writer);

	if (r == ARCHIVE_OK)
		r = archive_write_set_format_pax_restricted(writer);
	if (r == ARCHIVE_OK)
		r = archive_write_open_fd(writer, fd);
	for (size_t i = 0; r == ARCHIVE_OK && i < bundle->nr_files; i++)
		if (bundle->files[i].text)
			r = put_file(writer, directory, &bundle->files[i]);
	return r == ARCHIVE_OK ? archive_write_close(writer) : r;
}

static int write_to(int fd, const char *directory, const struct bundle *bundle, char **ret_reason)
{
	struct archive *writer = archive_write_new();
	int r = 0;

	if (!writer)
		return -ENOMEM;
	if (put_all(writer, fd, directory, bundle) != ARCHIVE_OK) {
		r = archive_errno(writer) > 0 ? -archive_errno(writer) : -EIO;
		*ret_reason = strdup(strerror(-r));
	}
	archive_write_free(writer);
	return r;
}

/* Result: r, or -errno if it is -1, in words too. */
static int explain(int r, char **ret_reason)
{
	if (r >= 0)
		return r;
	r = -errno;
	*ret_reason = strdup(strerror(errno));
	return r;
}

static int write_file(const struct bundle_archive *archive, const struct bundle *bundle,
		      char **ret_reason)
{
	char *temporary;
	int fd, r;

	if (asprintf(&temporary, "%s.XXXXXX", archive->path) < 0)
		return -ENOMEM;
	fd = explain(mkostemp(temporary, O_CLOEXEC), ret_reason);
	if (fd < 0) {
		free(temporary);
		return fd;
	}
	r = write_to(fd, archive->directory, bundle, ret_reason);
	if (r == 0)
		r = explain(fsync(fd), ret_reason);
	close(fd);
	if (r == 0)
		r = explain(
			renameat2(AT_FDCWD, temporary, AT_FDCWD, archive->path, RENAME_NOREPLACE),
			ret_reason);
	if (r < 0)
		unlink(temporary);
	free(temporary);
	return r;
}

int bundle_archive_write(const struct bundle_archive *archive, const struct bundle *bundle,
			 char **ret_reason)
{
	*ret_reason = NULL;
	if (strcmp(archive->path, "-") == 0)
		return write_to(STDOUT_FILENO, archive->directory, bundle, ret_reason);
	return write_file(archive, bundle, ret_reason);
}
