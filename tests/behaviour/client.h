/* The other end: clients of superd's services, each call with a deadline that fails the test. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

int client_connect(int port);                   /* to 127.0.0.1 */
int client_connect_to(const char *address, int port);           /* an IPv4 or IPv6 literal */
int client_connect_from(const char *from, int port);            /* from this address of 127.0.0.0/8 */
int client_from(const char *from, int type, int port);          /* the same, which may never be answered */
int client_connect_unix(const char *path, int type);            /* SOCK_STREAM, SOCK_SEQPACKET; "@name" is abstract */
bool client_can_connect(int port);              /* whether something listens there */
bool client_can_connect_unix(const char *path);
int client_try_unix(const char *path);          /* a stream; -1: nothing listens there */
int client_try_unix_at_once(const char *path);  /* the same; -1: nothing listens there, or its queue is full */

void client_send(int fd, const char *text);
const char *client_line(int fd);                /* the next line, without its newline; the end of file fails the test */
const char *client_rest(int fd);                /* all until the end of file */
int client_settle(int fd);                      /* says a line and waits for the answer; the connection stays */
int client_served(int port);                    /* the same of a new one */
bool client_is_quiet(int fd, int milliseconds); /* nothing to read and no end for so long */
bool client_sees_end(int fd);                   /* waits; true: closed or reset, false: something came */

/* Connects, sends, reads a line, closes. */
const char *client_ask(int port, const char *text);
const char *client_ask_unix(const char *path, const char *text);
long client_ask_pid(int port);                  /* who serves: the pid in a backend's answer */
/* The same, and waits until the backend has closed, too. If it is frozen before, the end of its client wakes it. */
long client_ask_to_the_end(int port);

int datagram_client(int port);                  /* a connected UDP socket */
/* From this address and port, 0 being any, so that an answer from elsewhere is none. -1: that can't be had. */
int datagram_client_at(const char *from, int own_port, const char *to, int port);
int datagram_client_unix(const char *server, const char *own);
const char *datagram_ask(int fd, const char *text);
int datagram_fill(const char *server);          /* until its queue takes no more; gives how many "noise" it took */
const char *datagram_next(int fd);              /* waits for it */

int local_port(int fd);                         /* an IPv4 socket's */
int bind_unix(const char *path, int type);
int listen_unix(const char *path);
