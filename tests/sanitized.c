/* What sanitizers report of superd and its programs goes into files below reports/ in the build folder, where tests/run
 * looks for it: the standard error of a process beside superd may be a pipe that nobody reads, and its exit status one
 * that superd expects. It is linked into them, as superd keeps the environment from most of its processes. Of undefined
 * behaviour gcc's runtime reports to standard error all the same, clang's does not. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

#define REPORTS "log_path='" SANITIZER_REPORTS "':log_exe_name=1:log_suffix=.log"

const char *__asan_default_options(void)
{
	return REPORTS;
}

const char *__ubsan_default_options(void)
{
	return REPORTS ":print_stacktrace=1";
}
