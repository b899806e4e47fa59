"""Which errors a call can fail with, by its manual page. superd meets each at each site that makes the call."""
import errno

DESCRIPTOR = ["EMFILE", "ENFILE", "ENOMEM"]
PATH = ["EACCES", "ENOMEM", "EIO", "ENOENT"]
MAKE = ["EACCES", "ENOSPC", "EROFS", "ENOMEM", "EEXIST"]
CHANGE = ["EPERM", "EROFS", "EIO", "ENOENT"]
RECEIVE = ["EINTR", "EAGAIN", "ENOMEM", "EIO", "ECONNRESET"]
SEND = ["EINTR", "EAGAIN", "ENOBUFS", "ENOMEM", "EPIPE"]
NAME = ["ENOBUFS", "ENOTCONN"]
MEMORY = ["ENOMEM"]

errors = {
    **dict.fromkeys(["malloc", "calloc", "realloc", "reallocarray", "aligned_alloc"], MEMORY),
    "accept4": ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ECONNABORTED", "EINTR", "EAGAIN", "EPERM", "EPROTO"],
    "bind": ["EADDRINUSE", "EACCES", "EADDRNOTAVAIL", "ENOMEM"],
    "connect": ["EAGAIN", "ECONNREFUSED", "EINTR", "EACCES", "ENOENT"],
    "listen": ["EADDRINUSE"],
    "socket": ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EACCES", "EAFNOSUPPORT"],
    "socketpair": DESCRIPTOR,
    "shutdown": ["ENOTCONN", "ENOBUFS"],
    **dict.fromkeys(["getpeername", "getsockname"], NAME),
    "getsockopt": ["ENOPROTOOPT", "ENOBUFS"],
    "setsockopt": ["ENOPROTOOPT", "ENOMEM", "EPERM"],
    **dict.fromkeys(["dup3", "fcntl_dup"], ["EMFILE"]),
    "epoll_create1": DESCRIPTOR,
    "epoll_ctl": ["ENOMEM", "ENOSPC"],
    "sys_epoll_ctl": ["ENOMEM", "ENOSPC"],
    "epoll_wait": ["EINTR"],
    "poll": ["EINTR", "ENOMEM"],
    **dict.fromkeys(["eventfd", "signalfd", "timerfd_create", "memfd_create", "pipe2", "inotify_init1"], DESCRIPTOR),
    "timer_create": ["EAGAIN", "ENOMEM"],
    "inotify_add_watch": ["ENOSPC", "ENOMEM", "EACCES"],
    **dict.fromkeys(["access", "faccessat", "stat", "lstat", "fstatat", "statx", "sys_statx"], PATH),
    **dict.fromkeys(["readlink", "readlinkat", "realpath", "chdir"], PATH),
    **dict.fromkeys(["fstat", "fstatfs"], ["ENOMEM", "EIO"]),
    **dict.fromkeys(["chmod", "fchmod", "fchown", "fchownat", "sys_fchownat", "unlink", "unlinkat", "rmdir"], CHANGE),
    **dict.fromkeys(["mkdir", "mkdirat", "sys_mkdirat", "symlink", "symlinkat", "link", "mkostemp"], MAKE),
    **dict.fromkeys(["rename", "renameat", "sys_renameat2"], MAKE),
    **dict.fromkeys(["open", "openat", "sys_openat2", "fopen", "opendir"],
                    ["EMFILE", "ENFILE", "ENOMEM", "EACCES", "ENOENT", "EIO", "EINTR", "ENOSPC"]),
    "fdopendir": MEMORY,
    "sys_getdents64": ["ENOENT"],
    "read": ["EINTR", "EAGAIN", "EIO"],
    "pread": ["EINTR", "EIO"],
    **dict.fromkeys(["recv", "recvfrom", "recvmsg"], RECEIVE),
    **dict.fromkeys(["write", "pwrite"], ["EINTR", "EAGAIN", "EIO", "ENOSPC", "EPIPE"]),
    **dict.fromkeys(["send", "sendto", "sendmsg"], SEND),
    "ftruncate": ["EINTR", "EIO"],
    "flock": ["EINTR", "ENOLCK", "EWOULDBLOCK"],
    **dict.fromkeys(["fork", "_Fork", "clone", "sys_clone3", "pthread_create"], ["EAGAIN", "ENOMEM"]),
    "kill": ["EPERM", "ESRCH"],
    "sys_pidfd_open": ["EMFILE", "ENFILE", "ENOMEM", "ESRCH"],
    "sys_pidfd_getfd": ["EMFILE", "EPERM", "ESRCH"],
    "sys_pidfd_send_signal": ["EPERM", "ESRCH"],
    "setpgid": ["EACCES", "EPERM", "ESRCH"],
    **dict.fromkeys(["waitid", "waitpid", "wait4", "sys_waitid"], ["EINTR"]),
    "getrandom": ["EINTR"],
    "mmap": ["ENOMEM", "EAGAIN"],
    "prlimit": ["EPERM"],
    "process_vm_readv": ["EPERM", "ENOMEM"],
    "sys_bpf": ["EPERM", "ENOMEM"],
    "sys_capget": [],
    "sys_capset": ["EPERM"],
    "sys_close_range": ["ENOMEM", "EMFILE"],
    "sys_kcmp": ["EPERM"],
    "sys_name_to_handle_at": ["EOPNOTSUPP", "EOVERFLOW"],
    "prctl": ["EPERM"],
}

# An error that says "again at once" may not go on for ever by its documentation, and a loop that tries again is right.
passing = {"EINTR", "EAGAIN"}


def number(name):
    return getattr(errno, name)
