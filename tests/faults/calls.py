"""Which errors a call can fail with, by its manual page. superd meets each at each site that makes the call."""
import errno

DESCRIPTOR = ["EMFILE", "ENFILE", "ENOMEM"]
PATH = ["EACCES", "ENOMEM", "EIO", "ENOENT"]
MAKE = ["EACCES", "ENOSPC", "EROFS", "ENOMEM", "EEXIST"]
CHANGE = ["EPERM", "EROFS", "EIO", "ENOENT"]
RECEIVE = ["EINTR", "EAGAIN", "ENOMEM", "ECONNRESET"]
SEND = ["EINTR", "EAGAIN", "ENOBUFS", "ENOMEM", "EPIPE"]
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
    "getpeername": ["ENOBUFS", "ENOTCONN"],
    "getsockname": ["ENOBUFS"],
    "getsockopt": ["ENOPROTOOPT", "ENOBUFS"],
    "setsockopt": ["ENOPROTOOPT", "ENOMEM", "EPERM"],
    **dict.fromkeys(["dup3", "fcntl_dup"], ["EMFILE"]),
    "epoll_create1": DESCRIPTOR,
    "epoll_ctl": ["ENOMEM", "ENOSPC"],
    "sys_epoll_ctl": ["ENOMEM", "ENOSPC"],
    "epoll_wait": ["EINTR"],
    "poll": ["EINTR"], # of so few descriptors it takes no memory
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
    "read_event": ["EAGAIN"],
    "write_event": [],
    "pread": ["EINTR", "EIO"],
    **dict.fromkeys(["recv", "recvfrom", "recvmsg"], RECEIVE),
    **dict.fromkeys(["write", "pwrite"], ["EINTR", "EAGAIN", "EIO", "ENOSPC", "EPIPE"]),
    **dict.fromkeys(["send", "sendto", "sendmsg"], SEND),
    "ftruncate": ["EINTR", "EIO"],
    "flock": ["EINTR", "ENOLCK", "EWOULDBLOCK"],
    **dict.fromkeys(["fork", "_Fork", "clone", "sys_clone", "sys_clone3", "pthread_create"], ["EAGAIN", "ENOMEM"]),
    "kill": ["EPERM"], # ESRCH of a process that runs on would be a lie that nobody can see through
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
# ECONNABORTED and EPROTO take a connection from the queue each time.
passing = {"EINTR", "EAGAIN", "ECONNABORTED", "EPROTO"}

# These say that whoever is at the other end has left: no fault of which a log would have to tell.
leaving = {"EPIPE", "ECONNRESET", "ECONNABORTED", "ENOTCONN", "ESRCH"}

# superd's own words for an error, beside those of strerror(3).
own_words = {"ENOMEM": ["out of memory", "memory allocation failure", "(libev) cannot allocate", "'no-memory'",
                        "can be neither served nor kept", "cannot begin a thread"],
             "ENOBUFS": ["lacks descriptors or memory"],
             "EADDRINUSE": ["answers there"], "EAGAIN": ["out of memory", "another superd creates one"],
             "EACCES": ["may not enter", "may not write in its control group"],
             "ENOENT": ["there is no such program", "is missing", "is not there", "is gone", "its address is another now",
                        "is no longer its socket",
                        "another superd creates one"]}


# superd tries to get the memory before it calls a library that does not survive an allocation that fails
# (src/lib/memory.c), so these allocations of the library do not fail.
proven = {"values_read", "call_nss", "call_groups", "call_host", "call_port", "call_protocol", "call_program",
          "describe_missing_port"}


# Findings that are known and not mended: the call, its error, what is among its callers, and why. They are shown and fail
# nothing.
EDGE = "after a true EAGAIN the kernel reports an edge (epoll(7)); here there is none"
LEFT = "a receiver that has left is reported by poll and epoll, too; here it stays"
known = [("recv", "EAGAIN", "connection_run", EDGE), ("send", "EAGAIN", "buffer_drain", EDGE), ("send", "EPIPE", "buffer_drain", LEFT),
         ("recvfrom", "ECONNRESET", "accept_judge_datagrams", "a datagram socket without a peer is not reset"),
         ("recvmsg", "ECONNRESET", "notify_read", "a datagram socket without a peer is not reset"),
         ("sendmsg", "EPIPE", "send_message", LEFT), ("recv", "EAGAIN", "tcpmux_read", EDGE),
         ("kill", "EPERM", "guard_turn", "the guard may signal its own child, superd; an operator can signal superd itself"),
         *[(call, error, caller, "this socket has no peer that resets it, and what is received needs no memory")
           for call, caller in (("recvfrom", "clients_read_reports"), ("recv", "notify_read"))
           for error in ("ECONNRESET", "ENOMEM")],
         ("sys_waitid", "EINTR", "guard_turn", "with WNOHANG it does not wait"),
         ("recvmsg", "ECONNRESET", "tell_manager", "the guard has both ends of this pair open"),
         ("read", "EIO", "child_ended", "a pipe is on no device"),
         ("read", "EAGAIN", "child_ended", "the process has ended, so the pipe has text or its end"),
         *[(call, error, caller, "a memory file is on no device, and keeps nobody waiting")
           for call, error in (("fstat", "EIO"), ("pread", "EIO"), ("pread", "EINTR"))
           for caller in ("read_file", "journal_read", "journal_pass", "on_signals", "map")],
         ("recvmsg", "EAGAIN", "on_answer", "epoll(7) has reported a message, and no other process takes any")]


def number(name):
    return getattr(errno, name)
