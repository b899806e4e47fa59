/* A backend for one connection: answers on its standard output and ends.
 *
 * It is linked statically, so that what is measured is the super-server and not the dynamic linker. */
#include <unistd.h>

int main(void)
{
	return write(STDOUT_FILENO, "hi\n", 3) != 3;
}
