/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/exception.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "port/device.h"
#include "port/tap.h"

#define BURST	     32u /* frames each way before the other way has its turn */
#define NR_BUFFERS   4095u
#define POLL_MAX_MS  1000
#define SCRATCH_SIZE 65536u

int exceptions_open(struct exceptions *exceptions)
{
	memset(exceptions, 0, sizeof(*exceptions));
	exceptions->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return exceptions->wake_fd < 0 ? -errno : 0;
}

/* A thread that shares its CPU may be put off in the middle of either ring: nobody waits for it. */
static struct rte_ring *make_ring(const char *way, const struct port *port, unsigned int flags)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s_%s", way, port->name);
	return rte_ring_create(name, EXCEPTION_RING, SOCKET_ID_ANY, flags);
}

static int make_buffers(struct exception *exception, const struct port *port)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	exception->to_kernel = make_ring("up", port, RING_F_MP_RTS_ENQ | RING_F_SC_DEQ);
	exception->to_wire = make_ring("down", port, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "down_%.15s", port->name);
	exception->pool = device_pool_make(name, NR_BUFFERS, port->frame_bytes);
	return exception->to_kernel && exception->to_wire && exception->pool ? 0 : -ENOMEM;
}

int exceptions_add(struct exceptions *exceptions, struct port *port)
{
	struct exception *exception = &exceptions->of[exceptions->nr];
	int fd = tap_open(port->name);

	if (fd < 0)
		return fd;
	*exception = (struct exception){.all = exceptions, .tap_fd = fd};
	exceptions->nr++;
	port->exception = exception;
	return make_buffers(exception, port);
}

/* What the kernel does not take, such as while the interface is down, is lost as on any wire. */
static uint32_t write_frames(const struct exception *exception)
{
	struct rte_mbuf *mbufs[BURST];
	uint32_t nr = rte_ring_sc_dequeue_burst(exception->to_kernel, (void **)mbufs, BURST, NULL);

	for (uint32_t i = 0; i < nr; i++) {
		ssize_t r = write(exception->tap_fd, rte_pktmbuf_mtod(mbufs[i], void *),
				  rte_pktmbuf_data_len(mbufs[i]));

		(void)r;
	}
	if (nr > 0)
		rte_pktmbuf_free_bulk(mbufs, nr);
	return nr;
}

/* Result: a frame of the kernel's, NULL if there is none, or no room for it. */
static struct rte_mbuf *read_frame(const struct exception *exception, bool *ret_more)
{
	static char scratch[SCRATCH_SIZE];
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(exception->pool);
	void *data = mbuf ? rte_pktmbuf_mtod(mbuf, void *) : scratch;
	uint32_t room = mbuf ? rte_pktmbuf_tailroom(mbuf) : SCRATCH_SIZE;
	ssize_t bytes = read(exception->tap_fd, data, room);

	*ret_more = bytes > 0;
	if (!mbuf)
		return NULL;
	if (bytes <= 0) {
		rte_pktmbuf_free(mbuf);
		return NULL;
	}
	mbuf->data_len = (uint16_t)bytes;
	mbuf->pkt_len = (uint32_t)bytes;
	return mbuf;
}

static uint32_t read_frames(const struct exception *exception)
{
	uint32_t nr = 0;
	bool more = true;

	for (; nr < BURST && more; nr += more) {
		struct rte_mbuf *mbuf = read_frame(exception, &more);

		if (mbuf && rte_ring_sp_enqueue(exception->to_wire, mbuf) != 0)
			rte_pktmbuf_free(mbuf);
	}
	return nr;
}

static uint32_t move_frames(struct exceptions *exceptions)
{
	uint32_t moved = 0;

	for (uint32_t i = 0; i < exceptions->nr; i++) {
		moved += write_frames(&exceptions->of[i]);
		moved += read_frames(&exceptions->of[i]);
	}
	return moved;
}

/* Says that it sleeps before it looks once more, so that what comes later wakes it. */
static void wait(struct exceptions *exceptions)
{
	struct pollfd fds[PORTS_MAX + 1] = {{.fd = exceptions->wake_fd, .events = POLLIN}};
	eventfd_t ignored;

	for (uint32_t i = 0; i < exceptions->nr; i++)
		fds[i + 1] = (struct pollfd){.fd = exceptions->of[i].tap_fd, .events = POLLIN};
	atomic_store(&exceptions->asleep, true);
	if (move_frames(exceptions) == 0 && !atomic_load(&exceptions->stop))
		poll(fds, exceptions->nr + 1, POLL_MAX_MS);
	atomic_store(&exceptions->asleep, false);
	eventfd_read(exceptions->wake_fd, &ignored);
}

static void *run(void *argument)
{
	struct exceptions *exceptions = argument;

	while (!atomic_load(&exceptions->stop))
		if (move_frames(exceptions) == 0)
			wait(exceptions);
	return NULL;
}

int exceptions_start(struct exceptions *exceptions)
{
	int error;

	if (exceptions->nr == 0)
		return 0;
	error = pthread_create(&exceptions->thread, NULL, run, exceptions);
	exceptions->runs = error == 0;
	return -error;
}

static void empty(struct rte_ring *ring)
{
	void *mbuf;

	while (ring && rte_ring_sc_dequeue(ring, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
	rte_ring_free(ring);
}

void exceptions_close(struct exceptions *exceptions)
{
	if (exceptions->runs) {
		atomic_store(&exceptions->stop, true);
		eventfd_write(exceptions->wake_fd, 1);
		pthread_join(exceptions->thread, NULL);
	}
	for (uint32_t i = 0; i < exceptions->nr; i++) {
		empty(exceptions->of[i].to_kernel);
		empty(exceptions->of[i].to_wire);
		close(exceptions->of[i].tap_fd);
	}
	if (exceptions->wake_fd > 0)
		close(exceptions->wake_fd);
	memset(exceptions, 0, sizeof(*exceptions));
}

uint32_t exception_room(const struct exception *exception)
{
	uint32_t kept = rte_ring_get_size(exception->to_kernel) / 4;
	uint32_t room = rte_ring_free_count(exception->to_kernel);

	return room > kept ? room - kept : 0;
}

uint32_t exception_give(struct exception *exception, struct rte_mbuf **mbufs, uint32_t nr)
{
	struct exceptions *all = exception->all;
	uint32_t taken = rte_ring_enqueue_burst(exception->to_kernel, (void **)mbufs, nr, NULL);

	atomic_thread_fence(memory_order_seq_cst);
	/* A system call, but off the fast path, and none while the thread is at work. */
	if (atomic_load_explicit(&all->asleep, memory_order_relaxed) &&
	    atomic_exchange(&all->asleep, false))
		eventfd_write(all->wake_fd, 1);
	return taken;
}

uint32_t exception_take(struct exception *exception, struct rte_mbuf **mbufs, uint32_t nr)
{
	return rte_ring_sc_dequeue_burst(exception->to_wire, (void **)mbufs, nr, NULL);
}
