// SPDX-License-Identifier: BSD-3-Clause
/* Where sallyportd would listen and write, and who may come in there. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts/fact.h"
#include "facts/rows.h"
#include "facts/say.h"
#include "host/addr.h"
#include "host/config.h"

#define GROUPS_MOST 256

#define RUN "/run/"

/* The parts of a cure that adds lines to a unit, $unit. */
#define DROP_IN "mkdir -p /etc/systemd/system/$unit.service.d && "
#define INTO_DROP_IN                                                                               \
	">>/etc/systemd/system/$unit.service.d/directories.conf; done; systemctl daemon-reload"

/* Writes the directory that a path lies in, the path being absolute. Result: ret_dir. */
static const char *directory_of(const char *path, char ret_dir[CONFIG_PATH_SIZE])
{
	snprintf(ret_dir, CONFIG_PATH_SIZE, "%s", path);
	for (char *slash; (slash = strrchr(ret_dir, '/'));) {
		bool last = !slash[1]; /* "/a/b/" lies where "/a/b" does */

		slash[slash == ret_dir] = '\0';
		if (!last || slash == ret_dir)
			break;
	}
	return ret_dir;
}

static bool is_missing(const char *dir)
{
	struct stat st;

	return stat(dir, &st) < 0 && errno == ENOENT;
}

static void say_missing(struct fact_look *look, const char *key, const char *dir)
{
	char word[2 * CONFIG_PATH_SIZE];

	facts_say(look, "%s: there is no directory %s.", key, dir);
	facts_say_cure(look, "mkdir -p %s", facts_say_quote(dir, word, sizeof(word)));
}

/* Systemd makes what lies below /run anew at each boot; the unit keeps it while it is away. */
static void say_unit_run(struct fact_look *look, const char *dir)
{
	char word[2 * CONFIG_PATH_SIZE];

	facts_say_cure(look,
		       "for unit in sallyportd sallyport-dp; do " DROP_IN
		       "printf '[Service]\\nRuntimeDirectory=%%s\\n' %s " INTO_DROP_IN,
		       facts_say_quote(dir + strlen(RUN), word, sizeof(word)));
}

/* Of our unit, all is read-only but what it names (ProtectSystem=strict): no file system's mode. */
static void say_unit(struct fact_look *look, const char *key, const char *dir)
{
	char word[2 * CONFIG_PATH_SIZE];

	facts_say(look,
		  "%s: the unit may not write to %s, which is neither below /var/lib/sallyport nor "
		  "/run/sallyport (ProtectSystem=strict).",
		  key, dir);
	if (strncmp(dir, RUN, strlen(RUN)) == 0) {
		say_unit_run(look, dir);
		return;
	}
	facts_say_quote(dir, word, sizeof(word));
	facts_say_cure(look,
		       "mkdir -p %s && for unit in sallyportd sallyport-hold sallyport-dp "
		       "sallyport-fleet; do " DROP_IN
		       "printf '[Service]\\nReadWritePaths=%%s\\n' %s " INTO_DROP_IN,
		       word, word);
}

static void say_read_only(struct fact_look *look, const char *key, const char *dir)
{
	char word[2 * CONFIG_PATH_SIZE];

	facts_say(look, "%s: %s is on a read-only file system.", key, dir);
	facts_say_cure(look, "mount -o remount,rw \"$(findmnt -no TARGET --target %s)\"",
		       facts_say_quote(dir, word, sizeof(word)));
}

/*
 * Whether a start can write there; wanted is what it is for, or lies in it and is made. Of rights,
 * only root is told: sallyportd has others than we.
 */
static void look_for_writing(struct fact_look *look, const char *key, const char *dir,
			     const char *wanted)
{
	if (access(dir, W_OK | X_OK) == 0)
		return;
	if (errno == EROFS) {
		if (getenv("INVOCATION_ID"))
			say_unit(look, key, wanted);
		else
			say_read_only(look, key, dir);
	} else if (errno == ENOTDIR || geteuid() == 0) {
		facts_say(look, "%s: %s cannot be written to: %s.", key, dir, strerror(errno));
	}
}

/* A start makes the directory itself, and none above it. */
static void look_for_directory(struct fact_look *look, const char *key, const char *dir)
{
	char above[CONFIG_PATH_SIZE];
	struct stat st;

	if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
		facts_say(look, "%s: %s is there and is no directory.", key, dir);
	else if (!is_missing(dir))
		look_for_writing(look, key, dir, dir);
	else if (is_missing(directory_of(dir, above)))
		say_missing(look, key, above);
	else
		look_for_writing(look, key, above, dir);
}

static void look_for_socket(struct fact_look *look, const char *key, const char *path)
{
	char dir[CONFIG_PATH_SIZE];
	struct stat st;
	bool run_dir;

	if (!*path)
		return;
	directory_of(path, dir);
	/* Of that one all is told by its own key. */
	run_dir = strcmp(dir, look->config->edge.run_dir) == 0;
	if (!run_dir && is_missing(dir))
		say_missing(look, key, dir);
	else if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		facts_say(look, "%s: %s is there and is no socket, so a start leaves it alone.",
			  key, path);
	else if (!run_dir)
		look_for_writing(look, key, dir, dir);
}

/* Result: whether a sallyportd serves this edge, or may: then the port is its own. */
static bool may_be_served(const struct config *config)
{
	char path[CONFIG_PATH_SIZE + sizeof("/lock")];
	bool served;
	int fd;

	snprintf(path, sizeof(path), "%s/lock", config->edge.state_dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno != ENOENT && errno != ENOTDIR;
	served = flock(fd, LOCK_SH | LOCK_NB) < 0;
	close(fd);
	return served;
}

/* Result: 0 if one could listen there now, else the error of it. */
static int try_listening(const struct config_listen *listen_at)
{
	struct sockaddr_storage address;
	socklen_t len = addr_to_sockaddr(&listen_at->addr, listen_at->port, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;
	const int on = 1;

	if (fd < 0)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&address, len) < 0)
		error = errno;
	close(fd);
	return error;
}

static void look_for_metrics(struct fact_look *look)
{
	const struct config_listen *listen_at = &look->config->metrics.listen;
	char text[ADDR_TEXT_BYTES];
	int error;

	if (!listen_at->enabled || may_be_served(look->config))
		return;
	error = try_listening(listen_at);
	addr_format(&listen_at->addr, text);
	if (error == EADDRINUSE)
		facts_say(look,
			  "metrics.listen: something on this host listens on port %u of %s "
			  "already: ss -Htlnp 'sport = :%u' says what. Stop it, or take another "
			  "port.",
			  listen_at->port, text, listen_at->port);
	else if (error == EADDRNOTAVAIL)
		facts_say(look, "metrics.listen: %s is not this host's.", text);
}

void facts_doors_shut(struct fact_look *look)
{
	const struct config *config = look->config;

	look_for_directory(look, "edge.state_dir", config->edge.state_dir);
	look_for_directory(look, "edge.run_dir", config->edge.run_dir);
	look_for_socket(look, "api.socket", config->api.socket);
	look_for_socket(look, "api.viewer_socket", config->api.viewer_socket);
	look_for_metrics(look);
}

void facts_doors_journal(struct fact_look *look)
{
	const struct config *config = look->config;
	char *reason = NULL;
	int error;

	if (!look->site->try_journal || may_be_served(config))
		return;
	error = look->site->try_journal(config, &reason);
	/* Who may not read it is told nothing: sallyportd may. */
	if (error && error != -EACCES)
		facts_say(look, "edge.state_dir: %s.", reason ? reason : strerror(-error));
	free(reason);
}

/* Result: whether a user is a member of a group, or that is not known. */
static bool may_be_member(const struct passwd *user, gid_t group)
{
	gid_t groups[GROUPS_MOST];
	int nr = GROUPS_MOST;

	if (getgrouplist(user->pw_name, user->pw_gid, groups, &nr) < 0)
		return true;
	for (int i = 0; i < nr; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* A role whose owner cannot open the socket; those of viewers give nothing. */
static void judge_role(struct fact_look *look, const struct config_role *role,
		       const struct group *group)
{
	const char *group_name = look->config->api.group;
	const struct passwd *user;
	char number[24] = "";
	const char *name = number;

	if (*role->user)
		name = role->user;
	else if (*role->group)
		name = role->group;
	else
		snprintf(number, sizeof(number), "%lld", (long long)role->uid);
	if (!*group_name) {
		facts_say(look,
			  "api.roles gives \"%s\" a role, and api.group names no group: the socket "
			  "is for root alone. Write api.group = \"sallyport\", and restart "
			  "sallyportd.",
			  name);
		facts_say_cure_config(look);
		return;
	}
	user = *role->user ? getpwnam(role->user) : NULL;
	if (!group || !user || may_be_member(user, group->gr_gid))
		return;
	facts_say(look,
		  "api.roles gives \"%s\" a role, and it is no member of \"%s\", api.group, which "
		  "may open the socket alone. (A unit may give it that group, too.)",
		  name, group_name);
	facts_say_cure(look, "usermod -aG %s %s", group_name, name);
}

void facts_doors_roles(struct fact_look *look)
{
	const struct config *config = look->config;
	struct group found, *group = NULL;
	char *memory = malloc(1 << 16);

	if (!memory) {
		look->memory_gone = true;
		return;
	}
	/* Kept, while users are looked up. */
	if (*config->api.group)
		getgrnam_r(config->api.group, &found, memory, 1 << 16, &group);
	for (uint32_t i = 0; i < config->api.nr_roles; i++) {
		const struct config_role *role = &config->api.roles[i];

		if (role->role != CONFIG_ROLE_VIEWER && role->uid != 0 &&
		    strcmp(role->user, "root") != 0)
			judge_role(look, role, group);
	}
	free(memory);
}
