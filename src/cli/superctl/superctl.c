/* superctl: asks and steers a running superd by its control socket; superctl(8).
 *
 * The hard thing is the exit status: each verb gives it, and nothing here may change it but an answer that couldn't be
 * written. */
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/superctl/superctl_order.h"

int main(int argc, char **argv)
{
	struct order order;
	enum ctl_status status;

	if (!fd_ensure_standard())
		return CTL_FAILED;
	setlocale(LC_CTYPE, "");
	if (order_parse(&order, argc, argv, &status))
		status = order.verb->run(&order);
	if (fflush(stdout) != 0 && status == CTL_DONE) {
		perror("superctl: cannot write the answer");
		status = CTL_FAILED;
	}
	return (int)status;
}
