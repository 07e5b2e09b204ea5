/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport support-bundle: one archive to attach to a ticket, with nothing secret in it. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/bundle/archive.h"
#include "cli/bundle/bundle.h"
#include "cli/bundle/redact/pseudonyms.h"
#include "cli/talk/fail.h"
#include "cli/talk/talk.h"
#include "host/config.h"

#define CALL_LIMIT_MS 5000
#define SUFFIX	      ".tar.gz"
#define MORE_PATH     ":/usr/local/sbin:/usr/sbin:/sbin" /* su leaves root without them */

static const char explanation[] =
	"\n"
	"Secrets are left out, so that nobody needs to read this before it is sent:\n"
	"- of JSON, members pass by name; every other is \"" REDACT_LEFT_OUT "\": titles, users,\n"
	"  actors, organisations, host keys, fingerprints, ssh commands. \"" REDACT_UNKNOWN
	"\" counts\n"
	"  members that this program does not know, such as a newer daemon's.\n"
	"- of the configuration, options as they count, without comments; users and groups of\n"
	"  api.roles and dataplane.eal are left out.\n"
	"- of the journal, messages of sallyport's programs and of systemd about them; quoted\n"
	"  texts, URLs and fields not known to be harmless are left out, and so is all that\n"
	"  hooks print.\n"
	"- never looked at: hooks, their environment and webhook, answers kept for an\n"
	"  Idempotency-Key, environments of processes, captures, and anything of a VM.\n"
	"Lists end at 2000 records (then they have a next), events and the journal begin with\n"
	"the latest 1000 and 2000.\n"
	"Not secrets, and kept: ids of builds, names of forwards, pools, interfaces and hooks,\n"
	"paths, uids and pids of callers of the API, times, counters, what this host and its\n"
	"public addresses are called, and addresses of this host and in builds.networks.\n";

static const char pseudonyms_note[] =
	"Other addresses are named ipv4-N, ipv6-N and link-N, the same one alike in all files.\n"
	"Which is which is written nowhere.\n";

static const char addresses_note[] = "Other addresses are kept too: --with-addresses was given.\n";

static char *print_time(const char *format, char text[32])
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, 32, format, &tm);
	return text;
}

/* Result: "sallyport-support-NAME-TIME", to be freed, or NULL. */
static char *make_name(const struct config *config)
{
	char edge[CONFIG_NAME_SIZE], when[32], *name;

	snprintf(edge, sizeof(edge), "%s", config ? config->edge.name : "edge");
	for (char *c = edge; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			*c = '_';
	if (asprintf(&name, "sallyport-support-%s-%s", edge, print_time("%Y%m%dT%H%M%SZ", when)) <
	    0)
		return NULL;
	return name;
}

static void write_manifest(const struct bundle *bundle, FILE *out)
{
	bool with_addresses = talk_option(bundle->cli, "--with-addresses");
	char when[32];

	fprintf(out, "A support bundle of sallyport %s, made %s\n\n", SALLYPORT_VERSION,
		print_time("%Y-%m-%dT%H:%M:%SZ", when));
	for (size_t i = 0; i < bundle->nr_files; i++) {
		const struct bundle_file *file = &bundle->files[i];

		if (file->text)
			fprintf(out, "%-20s %zu bytes\n", file->name, strlen(file->text));
		else
			fprintf(out, "%-20s MISSING: %s\n", file->name,
				file->missing ? file->missing : "out of memory");
	}
	fputs(explanation, out);
	fputs(with_addresses ? addresses_note : pseudonyms_note, out);
}

static void add_manifest(struct bundle *bundle)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (out)
		write_manifest(bundle, out);
	if (out && fclose(out) != 0) {
		free(text);
		text = NULL;
	}
	bundle_add_text(bundle, "MANIFEST", text);
}

static void know(struct pseudonyms *pseudonyms, const char *text)
{
	struct sp_prefix prefix;

	if (addr_prefix_parse(text, &prefix) == 0)
		redact_pseudonyms_know(pseudonyms, &prefix);
}

/*
 * The edge's own addresses, and those that a lease may lead to. One that cannot be made known has a
 * pseudonym as any other.
 */
static void know_edge(struct pseudonyms *pseudonyms, const struct config *config)
{
	char text[ADDR_TEXT_BYTES];

	redact_pseudonyms_know_host(pseudonyms);
	for (uint32_t i = 0; config && i < config->public.nr_addresses; i++)
		know(pseudonyms, addr_format(&config->public.addresses[i].bind, text));
	for (uint32_t i = 0; config && i < config->builds.nr_networks; i++)
		redact_pseudonyms_know(pseudonyms, &config->builds.networks[i]);
}

static void gather(struct bundle *bundle)
{
	bundle_daemon_gather(bundle);
	bundle_config_gather(bundle);
	bundle_config_gather_doctor(bundle);
	bundle_table_gather(bundle);
	bundle_host_gather(bundle);
	bundle_devices_gather(bundle);
	bundle_journal_gather(bundle);
	add_manifest(bundle);
}

static size_t count_missing(const struct bundle *bundle)
{
	size_t missing = 0;

	for (size_t i = 0; i < bundle->nr_files; i++)
		missing += !bundle->files[i].text;
	return missing;
}

static enum cli_exit write_archive(const struct bundle *bundle,
				   const struct bundle_archive *archive)
{
	size_t missing = count_missing(bundle);
	enum cli_exit code = CLI_EXIT_OK;
	char *reason;

	if (bundle->no_memory)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	if (bundle_archive_write(archive, bundle, &reason) < 0)
		code = talk_fail(CLI_EXIT_REFUSED, "%s cannot be written: %s", archive->path,
				 reason ? reason : "out of memory");
	else if (strcmp(archive->path, "-") != 0)
		printf("%s: %zu files, %zu missing; secrets are left out, its MANIFEST says what\n",
		       archive->path, bundle->nr_files - missing, missing);
	free(reason);
	return code;
}

/* Refuses at once what would be refused when all is gathered. */
static enum cli_exit check_path(const char *path)
{
	if (strcmp(path, "-") == 0)
		return isatty(STDOUT_FILENO)
			       ? talk_fail(CLI_EXIT_USAGE, "a terminal cannot take an archive")
			       : CLI_EXIT_OK;
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0
		       ? talk_fail(CLI_EXIT_REFUSED, "%s is there already: it is left as it is",
				   path)
		       : CLI_EXIT_OK;
}

/*
 * Refuses a build that the daemon neither has nor has records of; one that cannot answer is no
 * reason against a bundle.
 */
static enum cli_exit check_build(const struct bundle *bundle)
{
	const char *build = talk_option(bundle->cli, "--build");

	return build && bundle_daemon_knows_not(bundle, build)
		       ? talk_fail(CLI_EXIT_NOT_FOUND, "There is no build %s.", build)
		       : CLI_EXIT_OK;
}

static enum cli_exit make(struct bundle *bundle, const struct bundle_archive *archive)
{
	enum cli_exit code = check_path(archive->path);

	if (code == CLI_EXIT_OK)
		code = check_build(bundle);
	if (code != CLI_EXIT_OK)
		return code;
	if (redact_pseudonyms_open(&bundle->pseudonyms) < 0)
		return talk_fail(CLI_EXIT_REFUSED, "out of memory");
	if (talk_option(bundle->cli, "--with-addresses")) {
		know(bundle->pseudonyms, "0.0.0.0/0");
		know(bundle->pseudonyms, "::/0");
	} else {
		know_edge(bundle->pseudonyms, bundle->config);
	}
	gather(bundle);
	code = write_archive(bundle, archive);
	bundle_clear(bundle);
	redact_pseudonyms_close(bundle->pseudonyms);
	return code;
}

/* Without the configuration there is still much to gather. */
static struct config *load(const char *path)
{
	struct config_errors errors = {0};
	struct config *config = NULL;

	if (config_load(path ? path : CONFIG_DEFAULT_PATH, &config, &errors) < 0) {
		talk_fail_config(&errors);
		config = NULL;
	}
	config_errors_free(&errors);
	return config;
}

static void find_more_programs(void)
{
	const char *path = getenv("PATH");
	char *more;

	if (asprintf(&more, "%s" MORE_PATH, path ? path : "/usr/bin:/bin") < 0)
		return;
	setenv("PATH", more, 1);
	free(more);
}

enum cli_exit bundle_support_bundle(struct cli *cli)
{
	struct config *config = load(talk_option(cli, "--config"));
	struct bundle bundle = {.cli = cli, .config = config};
	struct bundle_archive archive = {0};
	char *name = make_name(config), *path = NULL;
	enum cli_exit code;

	talk_client_set_time_limit(cli->client, CALL_LIMIT_MS);
	find_more_programs();
	if (config)
		talk_use_socket(cli, config->api.socket);
	if (!name || asprintf(&path, "%s" SUFFIX, name) < 0) {
		code = talk_fail(CLI_EXIT_REFUSED, "out of memory");
	} else {
		archive.directory = name;
		archive.path = cli->operand ? cli->operand : path;
		code = make(&bundle, &archive);
	}
	free(path);
	free(name);
	config_free(config);
	return code;
}
