/* For systems without epoll: poll(2), select(2) and kqueue(2), which libev uses there, refuse no descriptor for want
 * of room. */
#include "engine/core/loop_room.h"

void loop_room_begin(struct engine *engine)
{
	(void)engine;
}

void loop_room_end(struct engine *engine)
{
	(void)engine;
}

void loop_room_leave(int fd)
{
	(void)fd;
}
