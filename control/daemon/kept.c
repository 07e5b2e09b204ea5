/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/kept.h"

#include <stdint.h>

#include <sallyport/addr.h>

#include "host/config.h"
#include "host/config_questions.h"
#include "host/log.h"
#include "journal/journal.h"
#include "kernel/pins/kept.h"

struct count {
	const struct config *config;
	struct kernel_kept *kept;
};

/* A port of an address that is configured no more gets no record: its build ends. */
static int visit(const struct sp_addr *addr, uint16_t port, uint64_t until_wall_ns, void *context)
{
	struct count *count = context;

	for (uint32_t i = 0; i < count->config->public.nr_addresses; i++) {
		const struct config_public *address = &count->config->public.addresses[i];

		if (sp_addr_equal(&address->bind, addr) && !config_question_has_port(address, port))
			count->kept->nr_outside++;
	}
	return 0;
}

int daemon_kept_count(const struct config *config, struct journal *journal,
		      struct kernel_kept *ret_kept)
{
	struct count count = {config, ret_kept};
	int r;

	*ret_kept = (struct kernel_kept){0};
	r = journal_record_load_places(journal, visit, &count);
	if (r < 0)
		return r;
	if (ret_kept->nr_outside)
		log_write(
			LOG_NOTICE,
			"Builds keep public ports that the configuration no longer has, until they "
			"end.",
			log_number("ports", ret_kept->nr_outside));
	return journal_build_count_lists(journal, &ret_kept->nr_lists);
}
