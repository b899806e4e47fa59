/* Restores the options of listeners that backends have held, or drops or accepts clients there, one after the other. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd_message.h"
#include "os/socket/bind.h"
#include "worker/work.h"

void work_restore(int channel)
{
	struct restore_answer answer;
	struct restore_task task = { 0 };
	struct record record;
	struct buf lines = { 0 };
	size_t count = 1;
	int client;

	while (request_receive(channel, &record, &task.fd, &count) && count == 1) {
		restore_task_record(&record, &task);
		if (!record_is_read(&record))
			return;
		answer = (struct restore_answer){ 0 };
		client = bind_restore(&task, &lines);
		answer.error = client >= 0 ? 0 : errno ? errno : EINVAL;
		close(task.fd);                 /* who has the answer may bind the address anew */
		record_close(&record);
		buf_cut(&lines, RESTORE_LINES_MOST - 1);
		memcpy(answer.lines, buf_string(&lines), lines.length);
		buf_free(&lines);
		if (client > 0 ? !fd_message_send(channel, &answer, sizeof(answer), &client, 1, 0)
			       : send(channel, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
			return;
		if (client > 0)
			close(client);
	}
}
