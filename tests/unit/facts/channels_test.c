/* SPDX-License-Identifier: BSD-3-Clause */
/* How many channels leave a driver what it wants for programs, on machines that are not at hand. */
#include "facts/channels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel/device/device.h"

static uint32_t most(const char *driver, uint32_t max, uint32_t cpus)
{
	const struct device_channels channels = {.combined_max = max};

	return facts_channels_most(driver, &channels, cpus);
}

/* "XDP request 4 queues but max is 2", says the driver of a VM of 2 CPUs and queues=2. */
static void test_channels_when_virtio_then_one_a_cpu_is_free(void **state)
{
	assert_int_equal(most("virtio_net", 2, 2), 0);
	assert_int_equal(most("virtio_net", 1, 2), 0);
	assert_int_equal(most("virtio_net", 4, 2), 2);
	assert_int_equal(most("virtio_net", 16, 4), 12);
	assert_int_equal(most("virtio_net", 2, 1), 1);
}

static void test_channels_when_ena_then_half_are_free(void **state)
{
	assert_int_equal(most("ena", 8, 8), 4);
	assert_int_equal(most("ena", 32, 8), 16);
}

static void test_channels_when_another_driver_then_any(void **state)
{
	assert_int_equal(most("veth", 2, 8), CHANNELS_ANY);
	assert_int_equal(most("ixgbe", 63, 64), CHANNELS_ANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_channels_when_virtio_then_one_a_cpu_is_free),
		cmocka_unit_test(test_channels_when_ena_then_half_are_free),
		cmocka_unit_test(test_channels_when_another_driver_then_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
