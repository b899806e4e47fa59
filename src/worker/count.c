/* Counts the clients of listeners, and finds the ports that a backend has opened itself. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lib/array.h"
#include "worker/work.h"

#define DESCRIPTORS_MOST 65536          /* descriptors of one process to examine */

struct count_task {
	int to;
	const struct client_count_request *request;
	uint32_t *held;                 /* inodes of the sockets that the processes have */
	size_t held_count, held_room;
	struct cookie_set internal;     /* connections among the processes themselves */
	bool unseen;                    /* not all sockets of the processes could be seen */
	struct client_count_answer answer;
};

static int compare_nodes(const void *a, const void *b)
{
	const uint32_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

static bool is_known(const struct client_count_request *request, const struct file_id *file)
{
	for (size_t n = 0; n < request->known_count; n++) {
		if (request->known[n].device == file->device && request->known[n].node == file->node)
			return true;
	}
	return false;
}

/* One that has ended has none. */
static bool is_hidden(int error)
{
	return error != ENOENT && error != ESRCH;
}

static void hold_sockets_of(struct count_task *task, pid_t pid, dev_t device)
{
	struct dirent *entry;
	struct file_id file;
	DIR *directory;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	directory = opendir(path);
	if (!directory)
		task->unseen |= is_hidden(errno);
	for (int n = 0; directory && (entry = readdir(directory)) && n < DESCRIPTORS_MOST; n++) {
		uint32_t *held = array_grow(task->held, &task->held_room, task->held_count, sizeof(*held));

		if (!held) {
			task->unseen = true;
			break;
		}
		task->held = held;
		if (*entry->d_name == '.')
			continue;
		if (!process_find_file(dirfd(directory), entry->d_name, false, &file))
			task->unseen |= is_hidden(errno);
		else if (file.device == device && !is_known(task->request, &file))
			held[task->held_count++] = (uint32_t)file.node;
	}
	if (directory)
		closedir(directory);
}

/* Finds the ports of the processes, and what is connected to them from elsewhere only. */
static void find_own_ports(struct count_task *task)
{
	struct client_count_answer *answer = &task->answer;
	struct stat status;

	if (!task->request->pid_count || fstat(task->to, &status) < 0)
		return;
	for (size_t n = 0; n < task->request->pid_count; n++)
		hold_sockets_of(task, task->request->pids[n], status.st_dev);
	if (task->held_count)
		qsort(task->held, task->held_count, sizeof(*task->held), compare_nodes);
	answer->own_count = (uint32_t)own_ports_find(task->held, task->held_count, answer->own, OWN_PORTS_MOST);
	if (answer->own_count)
		own_ports_note_internal(task->held, task->held_count, &task->internal);
}

static void sum_up(const struct conn_count *conns, size_t count, struct client_count_answer *answer)
{
	answer->known = true;
	answer->moved = UINT32_MAX;
	for (size_t n = 0; n < count; n++) {
		answer->known = answer->known && (conns[n].known || conns[n].kind == CONN_NONE);
		answer->count += conns[n].count;
		answer->quiet += conns[n].quiet;
		if (conns[n].moved < answer->moved)
			answer->moved = conns[n].moved;
	}
}

void work_count(int channel)
{
	struct client_count_request request = { 0 };
	struct count_task task = { .to = channel, .request = &request };
	struct conn_count *conns;
	struct record record;
	size_t count = 0;

	if (!request_receive(channel, &record, NULL, &count))
		return;
	count_request_record(&record, &request);
	conns = record_is_read(&record) ? calloc(request.count + OWN_PORTS_MOST, sizeof(*conns)) : NULL;
	if (!conns)
		return;
	find_own_ports(&task);
	for (; count < request.count; count++)
		conns[count] = request.conns[count];
	for (size_t n = 0; n < task.answer.own_count; n++) {
		conns[count] = task.answer.own[n];
		conns[count].cookies = &task.internal;
		conns[count++].skips_known = true;
	}
	for (size_t n = 0; n < count; n++) {
		conns[n].quiet_after = request.quiet_after;
		conns[n].by_turn = request.by_turn;
	}
	conn_counts_run(conns, count);
	sum_up(conns, count, &task.answer);
	task.answer.known = task.answer.known && !task.unseen;
	for (size_t n = 0; n < task.answer.own_count; n++)
		task.answer.own[n].count = conns[request.count + n].count + conns[request.count + n].quiet;
	(void)send(task.to, &task.answer, sizeof(task.answer), MSG_NOSIGNAL);
}
