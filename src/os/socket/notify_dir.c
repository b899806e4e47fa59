/* The folder of notify sockets, which all superds of a machine share. notify_dir_sweep removes only sockets that no
 * process has open. connect(2) fails in the same way for a file that is not a socket, so it tries sockets only. */
#include "os/socket/notify_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/socket/notify_socket.h"

#define SWEEP_MOST 1024

/* Whether only root and superd's user can put sockets there. A superd that is not root has backends of its own user
 * only, so others need not reach it. */
static bool is_safe_folder(const struct stat *status)
{
	uid_t own = geteuid();

	if (status->st_mode & (S_IWGRP | S_IWOTH) || (status->st_uid != 0 && status->st_uid != own))
		return false;
	return own != 0 || status->st_mode & S_IXOTH;
}

static bool make_folder(const char *path, mode_t mode)
{
	struct stat status;

	if (mkdir(path, mode) == 0)
		return chmod(path, mode) == 0;
	if (errno != EEXIST || lstat(path, &status) < 0)
		return false;
	if (S_ISDIR(status.st_mode) && is_safe_folder(&status))
		return true;
	errno = EACCES;
	return false;
}

/* Mode 0711: other users can reach a socket by its name, but cannot list the folder. */
bool notify_dir_make(const char *runtime_directory, struct buf *path)
{
	buf_addf(path, "%s/superd", runtime_directory);
	if (path->failed || !make_folder(path->data, 0755))
		return false;
	buf_text(path, "/notify");
	return !path->failed && make_folder(path->data, 0711);
}

void notify_dir_sweep(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	struct stat status;
	char node[512];

	for (int n = 0; folder && n < SWEEP_MOST && (entry = readdir(folder)); n++) {
		if (*entry->d_name == '.' ||
		    snprintf(node, sizeof(node), "%s/%s", path, entry->d_name) >= (int)sizeof(node))
			continue;
		if (lstat(node, &status) == 0 && S_ISSOCK(status.st_mode) && notify_socket_is_dead(node))
			unlink(node);
	}
	if (folder)
		closedir(folder);
}

void notify_dir_remove(char *socket_path)
{
	unlink(socket_path);
	for (int n = 0; n < 2; n++) {
		*strrchr(socket_path, '/') = '\0';
		if (rmdir(socket_path) < 0)
			return;
	}
}
