/* wx: writes code to memory and runs it, although memory_deny_write_execute is to keep it from that: by a personality
 * of which everything readable can be run. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#ifdef __x86_64__
static const unsigned char code[] = { 0xb8, 0x2a, 0, 0, 0, 0xc3 };              /* mov eax, 42; ret */
#elif defined(__aarch64__)
static const unsigned char code[] = { 0x40, 5, 0x80, 0x52, 0xc0, 3, 0x5f, 0xd6 }; /* mov w0, 42; ret */
#else
static const unsigned char code[1];
#endif

static void on_fault(int signal)
{
	static const char text[] = "written memory does not run\n";

	(void)signal;
	_exit(write(STDOUT_FILENO, text, sizeof(text) - 1) < 0);
}

int main(void)
{
	union { void *at; int (*call)(void); } memory;

	printf("personality %s\n", personality(READ_IMPLIES_EXEC) < 0 ? "refused" : "changed");
	fflush(stdout);
	signal(SIGSEGV, on_fault);
	memory.at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, 0);
	if (memory.at == MAP_FAILED || sizeof(code) < 2) {
		puts("no memory to write");
		return 0;
	}
	memcpy(memory.at, code, sizeof(code));
	__builtin___clear_cache((char *)memory.at, (char *)memory.at + sizeof(code));
	printf("written memory ran and gave %d\n", memory.call());
	return 0;
}
