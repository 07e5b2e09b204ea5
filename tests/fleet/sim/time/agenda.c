/* SPDX-License-Identifier: BSD-3-Clause */
#include "agenda.h"

#include <assert.h>
#include <stdlib.h>

#define BEGIN_NS 100000000000000ull /* hosts have been up for a while by then */

static struct {
	struct sim_task **heap; /* [1 … nr] */
	size_t nr, space;
	uint64_t now_ns, number, count;
} agenda;

uint64_t sim_agenda_now_ns(void)
{
	return agenda.now_ns;
}

size_t sim_agenda_waiting(void)
{
	return agenda.nr;
}

uint64_t sim_agenda_count(void)
{
	return agenda.count;
}

void sim_agenda_begin(void)
{
	free(agenda.heap);
	agenda.heap = NULL;
	agenda.nr = agenda.space = 0;
	agenda.now_ns = BEGIN_NS;
	agenda.number = agenda.count = 0;
}

static bool is_before(const struct sim_task *one, const struct sim_task *other)
{
	return one->at_ns != other->at_ns ? one->at_ns < other->at_ns : one->number < other->number;
}

static void put_at(struct sim_task *task, size_t place)
{
	agenda.heap[place] = task;
	task->place = place;
}

static void rise(struct sim_task *task)
{
	size_t place = task->place;

	for (; place > 1 && is_before(task, agenda.heap[place / 2]); place /= 2)
		put_at(agenda.heap[place / 2], place);
	put_at(task, place);
}

static void sink(struct sim_task *task)
{
	size_t place = task->place, next;

	for (; (next = 2 * place) <= agenda.nr; place = next) {
		if (next < agenda.nr && is_before(agenda.heap[next + 1], agenda.heap[next]))
			next++;
		if (!is_before(agenda.heap[next], task))
			break;
		put_at(agenda.heap[next], place);
	}
	put_at(task, place);
}

void sim_agenda_cancel(struct sim_task *task)
{
	size_t place = task->place;
	struct sim_task *last;

	if (!place)
		return;
	task->place = 0;
	last = agenda.heap[agenda.nr--];
	if (last == task)
		return;
	put_at(last, place);
	rise(last);
	sink(last);
}

void sim_agenda_set(struct sim_task *task, uint64_t at_ns)
{
	sim_agenda_cancel(task);
	if (agenda.nr + 1 >= agenda.space) {
		agenda.space = agenda.space ? 2 * agenda.space : 1024;
		agenda.heap = reallocarray(agenda.heap, agenda.space, sizeof(struct sim_task *));
		assert(agenda.heap);
	}
	task->at_ns = at_ns < agenda.now_ns ? agenda.now_ns : at_ns;
	task->number = ++agenda.number;
	put_at(task, ++agenda.nr);
	rise(task);
}

void sim_agenda_pass_until(uint64_t until_ns)
{
	while (agenda.nr && agenda.heap[1]->at_ns <= until_ns) {
		struct sim_task *task = agenda.heap[1];

		agenda.now_ns = task->at_ns;
		agenda.count++;
		sim_agenda_cancel(task);
		task->run(task->context);
	}
	agenda.now_ns = until_ns;
}
