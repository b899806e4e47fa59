/* Sums up the time of starts by turns of the loop. */
#include "superd/loop/start_time.h"

#define WEIGHT .1                       /* of the last start in the average */

void start_time_add(struct start_time *times, struct ev_loop *loop, size_t count, double seconds)
{
	unsigned turn = ev_iteration(loop);

	if (!count)
		return;
	if (turn != times->turn)
		times->spent = 0;
	times->turn = turn;
	times->spent += seconds;
	times->each += (seconds / (double)count - times->each) * (times->each > 0 ? WEIGHT : 1);
}

size_t start_time_room(const struct start_time *times, struct ev_loop *loop, double seconds, size_t most)
{
	double left = seconds - (ev_iteration(loop) == times->turn ? times->spent : 0);

	if (left <= 0)
		return 0;
	return left >= (double)most * times->each ? most : (size_t)(left / times->each);
}
