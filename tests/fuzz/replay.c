// SPDX-License-Identifier: BSD-3-Clause
/*
 * A harness without libFuzzer: each input named is run once. So every build compiles and links the
 * harnesses, and what a fuzzer has found stays found.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define INPUT_BYTES_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Of libFuzzer, for a harness with a mutator of its own; nobody calls it here. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
	return size;
}

static int replay(const char *path)
{
	static uint8_t data[INPUT_BYTES_MAX];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file)
		return -1;
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	return LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *outcome = replay(argv[i]) ? "not ok" : "ok";

		printf("%s %d - %s\n", outcome, i, argv[i]);
		fflush(stdout);
	}
	printf("1..%d\n", argc - 1);
	return argc > 1 ? 0 : 1;
}
