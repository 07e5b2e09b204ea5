/* SPDX-License-Identifier: BSD-3-Clause */
#include "start/eal.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HUGEPAGES_DIR "/sys/kernel/mm/hugepages"
/* What EAL needs for itself. */
#define SPARE_BYTES (48ull << 20)

static uint64_t read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned long long number = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%llu", &number) != 1)
		number = 0;
	fclose(file);
	return number;
}

uint64_t eal_free_hugepage_bytes(void)
{
	DIR *dir = opendir(HUGEPAGES_DIR);
	const struct dirent *entry;
	uint64_t bytes = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		char path[sizeof(HUGEPAGES_DIR) + sizeof(entry->d_name) + 32];
		unsigned long long kib;

		if (sscanf(entry->d_name, "hugepages-%llukB", &kib) != 1)
			continue;
		snprintf(path, sizeof(path), HUGEPAGES_DIR "/%s/free_hugepages", entry->d_name);
		bytes += kib * 1024 * read_number(path);
	}
	closedir(dir);
	return bytes;
}

static int add(struct eal_arguments *arguments, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int add(struct eal_arguments *arguments, const char *format, ...)
{
	char *text = arguments->text[arguments->nr];
	va_list list;
	int len;

	if (arguments->nr == EAL_ARGUMENTS_MAX)
		return -E2BIG;
	va_start(list, format);
	len = vsnprintf(text, EAL_ARGUMENT_SIZE, format, list);
	va_end(list);
	if (len >= EAL_ARGUMENT_SIZE)
		return -E2BIG;
	arguments->argv[arguments->nr++] = text;
	return 0;
}

static bool is_given(const struct eal_request *request, const char *argument)
{
	size_t len = strlen(argument);

	for (uint32_t i = 0; i < request->nr_extra; i++)
		if (strncmp(request->extra[i], argument, len) == 0)
			return true;
	return false;
}

/* Appends "(3,5,7)": the CPUs [first, last) of those that we may use. */
static void append_cpus(char *text, size_t size, const cpu_set_t *allowed, int first, int last)
{
	size_t len = strlen(text);
	char separator = '(';

	for (int cpu = 0, i = 0; cpu < CPU_SETSIZE && i < last; cpu++) {
		if (!CPU_ISSET((size_t)cpu, allowed))
			continue;
		if (i++ < first)
			continue;
		len += (size_t)snprintf(text + len, size - len, "%c%d", separator, cpu);
		if (len >= size - 2)
			return;
		separator = ',';
	}
	snprintf(text + len, size - len, ")");
}

static int add_lcores(struct eal_arguments *arguments, uint32_t nr_workers)
{
	char text[EAL_ARGUMENT_SIZE] = "0@";
	int nr_cpus, own = (int)nr_workers;
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return -errno;
	nr_cpus = CPU_COUNT(&allowed);
	if (nr_cpus <= own)
		own = 0;
	append_cpus(text, sizeof(text), &allowed, 0, nr_cpus - own);
	for (int i = 0; i < (int)nr_workers; i++) {
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, ",%d@", i + 1);
		if (own)
			append_cpus(text, sizeof(text), &allowed, nr_cpus - own + i,
				    nr_cpus - own + i + 1);
		else
			append_cpus(text, sizeof(text), &allowed, 0, nr_cpus);
	}
	return add(arguments, "--lcores=%s", text);
}

/* Neither way leaves files behind: EAL takes --in-memory with hugepages only. */
static int add_memory(struct eal_arguments *arguments, const struct eal_request *request)
{
	uint64_t bytes = request->memory_bytes + SPARE_BYTES;

	arguments->hugepages = request->hugepages && eal_free_hugepage_bytes() >= bytes;
	if (arguments->hugepages)
		return add(arguments, "--in-memory");
	if (add(arguments, "--no-huge") < 0 || add(arguments, "--no-shconf") < 0)
		return -E2BIG;
	return add(arguments, "-m%llu", (unsigned long long)((bytes >> 20) + 1));
}

static int add_ours(struct eal_arguments *arguments, const struct eal_request *request)
{
	static const char *const always[] = {"sallyport-dp", "--no-telemetry", "--log-level=error",
					     "--file-prefix=sallyport"};
	int r = 0;

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		r |= add(arguments, "%s", always[i]);
	for (uint32_t i = 0; i < request->nr_pci; i++)
		r |= add(arguments, "--allow=%s", request->pci[i]);
	/* AF_XDP takes buffers in one piece, which without PCI need not be one physically. */
	if (!request->nr_pci && !is_given(request, "-a") && !is_given(request, "--allow"))
		r |= add(arguments, "--no-pci") | add(arguments, "--iova-mode=va");
	if (!is_given(request, "-m") && !is_given(request, "--socket-mem"))
		r |= add_memory(arguments, request);
	if (!is_given(request, "-l") && !is_given(request, "--lcores"))
		r |= add_lcores(arguments, request->nr_workers);
	return r;
}

int eal_compose(const struct eal_request *request, struct eal_arguments *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (add_ours(ret, request) < 0)
		return -E2BIG;
	for (uint32_t i = 0; i < request->nr_extra; i++)
		if (add(ret, "%s", request->extra[i]) < 0)
			return -E2BIG;
	return 0;
}
