/* SPDX-License-Identifier: BSD-3-Clause */
/* A bundle as an archive: what is in it, who may read it, and what it does not touch. */
#include "cli/bundle/archive.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>

#include "cli/bundle/bundle.h"

static char one[] = "one\n", empty[] = "", why[] = "it is not there";

static struct bundle_file files[] = {
	{.name = "one.txt", .text = one},
	{.name = "gone.txt", .missing = why},
	{.name = "empty.txt", .text = empty},
};

static const struct bundle bundle = {.files = files, .nr_files = 3};

struct place {
	char directory[32];
	char path[64];
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	strcpy(place->directory, "/tmp/bundle-XXXXXX");
	if (!mkdtemp(place->directory))
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/a.tar.gz", place->directory);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	unlink(place->path);
	rmdir(place->directory);
	free(place);
	return 0;
}

static int save(const struct place *place)
{
	const struct bundle_archive archive = {.path = place->path, .directory = "top"};
	char *reason = NULL;
	int r = bundle_archive_write(&archive, &bundle, &reason);

	assert_true(r == 0 || reason);
	free(reason);
	return r;
}

/* Result: how many files there are in the directory. */
static unsigned int count(const struct place *place)
{
	DIR *directory = opendir(place->directory);
	unsigned int nr = 0;

	assert_non_null(directory);
	while (readdir(directory))
		nr++;
	closedir(directory);
	return nr - 2;
}

static void expect_entry(struct archive *reader, const char *path, const char *text)
{
	struct archive_entry *entry;
	char content[16] = "";

	assert_int_equal(archive_read_next_header(reader, &entry), ARCHIVE_OK);
	assert_string_equal(archive_entry_pathname(entry), path);
	assert_int_equal(archive_entry_perm(entry), 0600);
	assert_int_equal(archive_entry_uid(entry), 0);
	assert_int_equal(archive_read_data(reader, content, sizeof(content)), strlen(text));
	assert_string_equal(content, text);
}

static void test_write_when_new_then_its_files_are_in_it(void **state)
{
	const struct place *place = *state;
	struct archive *reader = archive_read_new();
	struct archive_entry *entry;
	struct stat status;

	assert_int_equal(save(place), 0);
	assert_int_equal(stat(place->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(count(place), 1);
	assert_int_equal(archive_read_support_filter_gzip(reader), ARCHIVE_OK);
	assert_int_equal(archive_read_support_format_tar(reader), ARCHIVE_OK);
	assert_int_equal(archive_read_open_filename(reader, place->path, 4096), ARCHIVE_OK);
	expect_entry(reader, "top/one.txt", "one\n");
	expect_entry(reader, "top/empty.txt", "");
	assert_int_equal(archive_read_next_header(reader, &entry), ARCHIVE_EOF);
	archive_read_free(reader);
}

static void test_write_when_something_is_there_then_it_is_left_as_it_is(void **state)
{
	const struct place *place = *state;
	FILE *file = fopen(place->path, "w");
	char text[8] = "";

	assert_non_null(file);
	fputs("mine", file);
	fclose(file);
	assert_int_equal(save(place), -EEXIST);
	file = fopen(place->path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, "mine");
	assert_int_equal(count(place), 1);
}

static void test_write_when_a_link_is_there_then_it_is_not_followed(void **state)
{
	const struct place *place = *state;

	assert_int_equal(symlink("elsewhere", place->path), 0);
	assert_int_equal(save(place), -EEXIST);
	assert_int_equal(count(place), 1);
}

static void test_write_when_there_is_no_such_place_then_why(void **state)
{
	struct place nowhere = {.path = "/nonexistent/a.tar.gz"};

	assert_int_equal(save(&nowhere), -ENOENT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_write_when_new_then_its_files_are_in_it),
		CASE(test_write_when_something_is_there_then_it_is_left_as_it_is),
		CASE(test_write_when_a_link_is_there_then_it_is_not_followed),
		CASE(test_write_when_there_is_no_such_place_then_why),
	};

	return cmocka_run_group_tests_name("bundle_archive", tests, NULL, NULL);
}
