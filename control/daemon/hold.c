/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/hold.h"

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "host/boottime.h"
#include "host/config.h"
#include "host/lock_file.h"
#include "host/log.h"
#include "kernel/hold/hold.h"
#include "kernel/hold/wait.h"
#include "kernel/pins/pins.h"

/* What a boot waits for the public interface; there may be none before the network is configured.
 */
#define BOOT_WAIT_NS (2 * NS_PER_S)

static void say_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

static int wait_for_interface(const struct config *config, uint64_t start_ns)
{
	const char *name = config->public.interface;
	int r = hold_wait_for(name, start_ns + BOOT_WAIT_NS);

	if (r != -ETIMEDOUT)
		return r;
	log_write(LOG_NOTICE, "The public interface is not there yet.",
		  log_string("interface", name));
	say_ready("Waiting for the public interface.");
	return hold_wait_for(name, start_ns + config->leases.hold_ns);
}

/* Result: the lock, or -EEXIST: a sallyportd serves, or its programs carry without it. */
static int lock_unserved(const struct config *config)
{
	const struct lock_file file = {
		.dir = config->edge.state_dir, .name = "lock", .dir_mode = 0750, .mode = 0640};
	pid_t holder = 0;
	int fd = lock_file_take(&file, &holder);

	if (fd < 0 || !pins_exist(config->edge.bpf_dir, SP_PIN_META))
		return fd;
	close(fd);
	return -EEXIST;
}

static int begin(const struct config *config, uint64_t until_ns)
{
	char *reason = NULL;
	int fd = lock_unserved(config), r;

	if (fd == -EEXIST) {
		log_write(LOG_NOTICE, "There is nothing to hold: this edge carries packets.");
		return 0;
	}
	r = fd < 0 ? fd : hold_begin(config, until_ns, &reason);
	if (fd >= 0)
		close(fd);
	if (r < 0)
		log_write(LOG_ERR, "Sessions that are open will not outlive this start.",
			  log_error("error", r), log_string("reason", reason ? reason : ""));
	else
		log_write(LOG_NOTICE, "Packets for public ports wait for sallyportd.",
			  log_string("interface", config->public.interface),
			  log_number("seconds", (int64_t)(config->leases.hold_ns / NS_PER_S)));
	free(reason);
	return r;
}

int daemon_hold(const struct config *config)
{
	uint64_t start_ns = boottime_now_ns();
	int r;

	if (config->leases.hold_ns == 0) {
		say_ready("Off.");
		return 0;
	}
	r = wait_for_interface(config, start_ns);
	if (r == -ETIMEDOUT) {
		log_write(LOG_WARNING, "The public interface did not come: nothing is held.",
			  log_string("interface", config->public.interface));
		return 0;
	}
	if (r == 0)
		r = begin(config, start_ns + config->leases.hold_ns);
	if (r == 0)
		say_ready("Packets for public ports wait for sallyportd.");
	return r;
}

void daemon_hold_end(void)
{
	uint64_t held;
	int r = hold_end(&held);

	if (r < 0)
		log_write(LOG_WARNING, "What was held while this host started goes on waiting.",
			  log_error("error", r));
	else if (held)
		log_write(LOG_NOTICE, "Packets waited for sallyportd while this host started.",
			  log_number("packets", (int64_t)held));
}
