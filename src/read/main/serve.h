/* superd-read as superd starts it: standard output is the channel (read/apart/frame.h). */
#pragma once

/* Reads the sources that superd asks for, until superd closes the channel. Returns the exit status. */
int serve_superd(void);
