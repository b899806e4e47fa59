/* Sockets that a process of another user may have: a backend's, or one that a backend has passed on. Such a process can
 * keep the socket's lock for ever: in a system call on the socket whose memory is a file on its own file system (FUSE)
 * that does not answer. Any other call that needs the lock then waits, and no signal interrupts it. poll(2), fcntl(2),
 * and close(2) of a shared socket do not need the lock.
 *
 * So superd lets another process do what needs the lock (superd/socket/restore). */
#pragma once

#include <stdbool.h>

#include "os/netdiag/socket_address.h"
#include "table/service/service.h"

/* Whether a user is neither root nor superd's own, both of which can do anything to superd anyway. false for an account
 * of NULL. */
bool foreign_user_is(uid_t user);
bool foreign_account_is(const struct account *account);

/* Whether sockets of a backend with this account may reach such a user: the account itself, or one that a daemon of
 * root's changes to. */
bool foreign_holder_is(const struct account *account);

/* Marks a socket as foreign, before superd passes it on. false and errno: superd cannot store its name, and could not
 * query its clients later without it. */
bool foreign_socket_mark(int fd);
void foreign_socket_unmark(int fd);

/* Whether a descriptor of superd's is foreign. A closed descriptor's mark may be wrong for the number's next socket,
 * which costs another process at worst. */
bool foreign_socket_is(int fd);
int foreign_socket_forget(int fd);              /* a new socket: raises it to FD_LISTENER, clears the mark of its number */
/* Marks a socket that was foreign before superd received it. name: its address; NULL: the kernel is asked for it. */
void foreign_socket_resume(int fd, const struct socket_address *name);

int foreign_socket_copy(int fd);                /* duplicates a descriptor together with its mark; -1 and errno */

/* getsockname(2), which takes the lock. For a foreign socket, the name it had before it was given away. */
bool foreign_socket_name(int fd, struct socket_address *name);

/* A socket whose work timed out is then left alone for a while. */
#define FOREIGN_TIMEOUT 1.              /* seconds */
void foreign_socket_back_off(int fd);
bool foreign_socket_is_backed_off(int fd);

/* One that was to be shut down, which is not asked for again for a while: a process that has it may listen again each
 * time, or the process that is to shut it down may end each time. */
void foreign_socket_note_shut(int fd);
bool foreign_socket_was_shut(int fd);

/* The same of SO_REUSEPORT, whatever has come of it: who has ordered that looks again at once. */
void foreign_socket_note_shared(int fd);
bool foreign_socket_was_shared(int fd);
