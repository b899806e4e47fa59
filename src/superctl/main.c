/* superctl: queries and controls a running superd over its control socket; superctl(8).
 *
 * The verb returns the exit status. main changes it only if the answer could not be written. */
#include "superctl/superctl.h"

#include <locale.h>

int main(int argc, char **argv)
{
	struct superctl_options options;
	enum ctl_status status;

	if (!fd_ensure_standard())
		return CTL_FAILED;
	json_reply_need_memory("superctl: out of memory\n");
	setlocale(LC_CTYPE, "");
	if (superctl_options_parse(&options, argc, argv, &status))
		status = options.verb->run(&options);
	/* musl forgets what it could not write, so this call says no more of it. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == CTL_DONE) {
		perror("superctl: cannot write the answer");
		status = CTL_FAILED;
	}
	return (int)status;
}
