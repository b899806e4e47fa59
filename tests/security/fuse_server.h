/* A file system of an ordinary user's own, whose server does not answer some requests: whoever closes, polls or
 * writes back a file of it waits for ever. */
#pragma once

enum fuse_silence {
	SILENT_ON_CLOSE,                /* neither POLL nor FLUSH is answered */
	SILENT_ON_WRITE,                /* written pages stay dirty: WRITE is not answered */
	SILENT_TO_OTHERS                /* POLL and FLUSH of other processes than the one that mounted it are not answered */
};

/* Enters user and mount namespaces of its own and mounts it at /tmp; its server ends with this process. Ends the
 * process with 77 where that can't be. */
void fuse_mount(enum fuse_silence silence);

/* One more descriptor of its only file. */
int fuse_open(int flags);
