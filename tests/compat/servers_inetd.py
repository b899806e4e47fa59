"""Servers by lines of inetd.conf."""
import os
import ssl
import struct
import zlib

from server_case import case, hear, need, open_to, read, run_well, talk, write

PAGE = "<p>a page</p>\n"


@case("git\tstream\ttcp\tnowait\tnobody\t/usr/bin/git\tgit daemon --inetd --verbose --export-all --base-path=/srv/git /srv/git\n",
      {"/usr/bin/git": "git"})
def git_daemon(place):
    work = place + "/work"
    run_well("git", "init", "-q", work)
    write(work + "/file", "content\n")
    run_well("git", "-C", work, "add", "file")
    run_well("git", "-C", work, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "one")
    run_well("git", "clone", "-q", "--bare", work, "/srv/git/project.git")
    run_well("chown", "-R", "nobody", "/srv/git")
    for n in range(2):
        run_well("git", "clone", "-q", "git://127.0.0.1/project.git", f"{place}/clone{n}")
        need(read(f"{place}/clone{n}/file") == b"content\n", "the clone has another content")


@case("rsync\tstream\ttcp\tnowait\troot\t/usr/bin/rsync\trsync --daemon --config=/srv/rsyncd.conf\n", {"/usr/bin/rsync": "rsync"})
def rsync_daemon(place):
    write("/srv/data/file", os.urandom(300000))
    write("/srv/rsyncd.conf", "use chroot = no\n[data]\npath = /srv/data\nread only = yes\nuid = nobody\ngid = nogroup\n")
    run_well("rsync", "-a", "rsync://127.0.0.1/data/", place + "/copy/")
    need(read("/srv/data/file") == read(place + "/copy/file"), "the copy differs")


@case("tftp\tdgram\tudp4\twait\troot\t/usr/sbin/in.tftpd\tin.tftpd -t 2 -s /srv/tftp\n",
      {"/usr/sbin/in.tftpd": "tftpd-hpa", "/usr/bin/tftp": "tftp-hpa"})
def tftpd_datagram_wait(place):
    write("/srv/tftp/boot", os.urandom(70000))
    os.chmod("/srv/tftp", 0o755)
    os.chmod("/srv/tftp/boot", 0o644)
    for n in range(2):      # the second finds the server running, or starts it anew
        run_well("tftp", "127.0.0.1", "-m", "binary", "-c", "get", "boot", f"{place}/boot{n}", cwd=place)
        need(read("/srv/tftp/boot") == read(f"{place}/boot{n}"), "the file differs")


@case("ssh\tstream\ttcp\tnowait\troot\t/usr/sbin/dropbear\tdropbear -i -r /srv/dropbear_key\n",
      {"/usr/sbin/dropbear": "dropbear-bin", "/usr/bin/dropbearkey": "dropbear-bin", "/usr/bin/ssh-keyscan": "openssh-client"})
def dropbear(place):
    run_well("dropbearkey", "-t", "ed25519", "-f", "/srv/dropbear_key")
    need("ssh-ed25519" in run_well("ssh-keyscan", "-T", "20", "-t", "ed25519", "127.0.0.1"), "no host key was told")


@case("ssh\tstream\ttcp\tnowait\troot\t/usr/sbin/sshd\tsshd -i -f /srv/sshd_config\n",
      {"/usr/sbin/sshd": "openssh-server", "/usr/bin/ssh": "openssh-client", "/usr/bin/ssh-keygen": "openssh-client"})
def sshd(place):
    run_well("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/srv/host_key")
    run_well("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place + "/key")
    os.makedirs("/run/sshd", exist_ok=True)
    write("/srv/sshd_config", "HostKey /srv/host_key\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
                              f"AuthorizedKeysFile {place}/key.pub\n")
    output = run_well("ssh", "-F", "/dev/null", "-i", place + "/key", "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes",
                      "-o", f"UserKnownHostsFile={place}/known", "root@127.0.0.1", "echo over ssh")
    need("over ssh" in output, output)


@case("ssh\tstream\ttcp\tnowait\troot\t/usr/sbin/tinysshd\ttinysshd -v /srv/sshkeydir\n",
      {"/usr/sbin/tinysshd": "tinysshd", "/usr/bin/ssh-keyscan": "openssh-client"})
def tinysshd(place):
    run_well("tinysshd-makekey", "-q", "/srv/sshkeydir")
    need("ssh-ed25519" in run_well("ssh-keyscan", "-T", "20", "-t", "ed25519", "127.0.0.1"), "no host key was told")


@case("ftp\tstream\ttcp\tnowait\troot\t/usr/sbin/vsftpd\tvsftpd /srv/vsftpd.conf\n",
      {"/usr/sbin/vsftpd": "vsftpd", "/usr/bin/curl": "curl"})
def vsftpd(place):
    write("/srv/ftp/pub/file", "from ftp\n")
    os.makedirs("/run/vsftpd/empty", exist_ok=True)
    write("/srv/vsftpd.conf", "listen=NO\nanonymous_enable=YES\nanon_root=/srv/ftp\nsecure_chroot_dir=/run/vsftpd/empty\n"
                              "seccomp_sandbox=NO\nbackground=NO\n")
    need("from ftp" in run_well("curl", "-sS", "--max-time", "20", "ftp://127.0.0.1/pub/file"), "another file")


@case("svn\tstream\ttcp\tnowait\tnobody\t/usr/bin/svnserve\tsvnserve -i -r /srv/svn\n",
      {"/usr/bin/svnserve": "subversion", "/usr/bin/svn": "subversion", "/usr/bin/svnadmin": "subversion"})
def svnserve(place):
    run_well("svnadmin", "create", "/srv/svn")
    run_well("svn", "mkdir", "-q", "-m", "one", "file:///srv/svn/trunk")
    run_well("chown", "-R", "nobody", "/srv/svn")
    need("trunk/" in run_well("svn", "ls", "--config-dir", place + "/svn", "svn://127.0.0.1/"), "no trunk")


@case("cvspserver stream tcp nowait root /usr/bin/cvs cvs -f --allow-root=/srv/cvs pserver\n", {"/usr/bin/cvs": "cvs"})
def cvs_pserver(place):
    run_well("cvs", "-d", "/srv/cvs", "init")
    write("/srv/cvs/CVSROOT/passwd", "anonymous::nobody\n")
    write("/srv/cvs/CVSROOT/readers", "anonymous\n")
    write(place + "/work/file", "content\n")
    run_well("cvs", "-d", "/srv/cvs", "import", "-m", "one", "module", "vendor", "start", cwd=place + "/work")
    run_well("chown", "-R", "nobody", "/srv/cvs")
    write(place + "/cvspass", "/1 :pserver:anonymous@127.0.0.1:2401/srv/cvs A\n")
    run_well("cvs", "-d", ":pserver:anonymous@127.0.0.1:/srv/cvs", "-Q", "checkout", "module", cwd=place,
             env={**os.environ, "CVS_PASSFILE": place + "/cvspass"})
    need(read(place + "/module/file") == b"content\n", "another content was checked out")


@case("ident\t\tstream\ttcp\tnowait\tnobody\t/usr/sbin/nullidentd\tnullidentd\n", {"/usr/sbin/nullidentd": "nullidentd"})
def ident_daemon(place):
    answer = talk(113, b"113 , 4711\r\n", until=b"\n")
    need(b": USERID :" in answer, repr(answer))


@case("www\tstream\ttcp\tnowait nobody\t/usr/sbin/micro-httpd micro-httpd /srv/www\n", {"/usr/sbin/micro-httpd": "micro-httpd"})
def micro_httpd(place):
    write("/srv/www/page.html", PAGE)
    for host in ("127.0.0.1", "::1"):
        answer = talk(80, b"GET /page.html HTTP/1.0\r\n\r\n", host=host, close=False)
        need(b" 200 " in answer and b"a page" in answer, repr(answer))


# As update-inetd(8) writes it for the package.
@case("www\tstream\ttcp\tnowait nobody:www-data\t/usr/sbin/tcpd /usr/sbin/micro-httpd /srv/www\n",
      {"/usr/sbin/micro-httpd": "micro-httpd", "/usr/sbin/tcpd": "tcpd"})
def micro_httpd_behind_tcpd(place):
    micro_httpd(place)


@case("http stream tcp nowait nobody /usr/bin/busybox busybox httpd -i -h /srv/www\n", {"/usr/bin/busybox": "busybox"})
def busybox_httpd(place):
    micro_httpd(place)


@case("http stream tcp nowait _tang /usr/libexec/tangd tangd /srv/tang\n",
      {"/usr/libexec/tangd": "tang-common", "/usr/libexec/tangd-keygen": "tang-common"})
def tangd(place):
    os.mkdir("/srv/tang")
    run_well("/usr/libexec/tangd-keygen", "/srv/tang")
    run_well("chown", "-R", "_tang", "/srv/tang")
    answer = talk(80, b"GET /adv HTTP/1.1\r\nHost: localhost\r\n\r\n", until=b"}")
    need(b" 200 " in answer and b'"payload"' in answer, repr(answer))


@case("telnet\tstream\ttcp\tnowait\troot\t/usr/sbin/telnetd\ttelnetd -E /bin/cat\n", {"/usr/sbin/telnetd": "inetutils-telnetd"})
def telnetd(place):
    # The negotiation begins with IAC (255): what a telnet client would answer to.
    with open_to(23) as connection:
        need(connection.recv(1) == b"\xff", "no negotiation")


@case("telnet stream tcp nowait nobody /usr/bin/nyancat nyancat -t\n", {"/usr/bin/nyancat": "nyancat"})
def nyancat(place):
    telnetd(place)


@case("finger\t\tstream\ttcp\tnowait\tnobody\t/usr/sbin/in.fingerd\tin.fingerd -w\n",
      {"/usr/sbin/in.fingerd": "fingerd", "/usr/bin/finger": "finger"})
def fingerd(place):
    answer = run_well("finger", "root@127.0.0.1")
    need("root" in answer, answer)


@case("finger\t\tstream\ttcp\tnowait\tnobody\t/usr/sbin/tcpd\t/usr/sbin/in.fingerd\n",
      {"/usr/sbin/in.fingerd": "fingerd", "/usr/bin/finger": "finger", "/usr/sbin/tcpd": "tcpd"})
def fingerd_behind_tcpd(place):
    fingerd(place)


@case("pop3 stream tcp nowait root /usr/sbin/popa3d popa3d\n", {"/usr/sbin/popa3d": "popa3d"})
def popa3d(place):
    answer = talk(110, b"QUIT\r\n", close=False)
    need(answer.startswith(b"+OK") and answer.count(b"+OK") == 2, repr(answer))


@case("ircd stream tcp nowait bitlbee /usr/sbin/bitlbee bitlbee -I\n", {"/usr/sbin/bitlbee": "bitlbee"})
def bitlbee(place):
    answer = talk(6667, b"NICK one\r\nUSER one 0 * :one\r\n", until=b" 001 ")
    need(b" 001 one " in answer, repr(answer))


@case("munin stream tcp nowait nobody /usr/sbin/munin-node-c munin-node-c\n", {"/usr/sbin/munin-node-c": "munin-node-c"})
def munin_node(place):
    with open_to(4949) as connection:
        need(b"# munin node" in hear(connection, b"\n"), "no greeting")
        connection.sendall(b"version\nquit\n")
        need(b"version" in hear(connection, b"\n"), "no version")


@case("nrpe stream tcp4 nowait nobody /usr/sbin/nrpe nrpe -n -c /srv/nrpe.cfg --inetd\n",
      {"/usr/sbin/nrpe": "nagios-nrpe-server"})
def nrpe(place):
    write("/srv/nrpe.cfg", "allowed_hosts=127.0.0.1\ncommand[say]=/bin/echo OK - said\n")

    def packet(checksum):
        return struct.pack(">hhIh1024s2x", 2, 1, checksum, 0, b"say")
    answer = talk(5666, packet(zlib.crc32(packet(0))), close=False)
    need(b"OK - said" in answer, repr(answer))


@case("9992 stream tcp nowait root /usr/bin/stunnel4 stunnel4 /srv/stunnel.conf\n",
      {"/usr/bin/stunnel4": "stunnel4", "/usr/bin/openssl": "openssl"})
def stunnel(place):
    run_well("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
             "-keyout", "/srv/key.pem", "-out", "/srv/cert.pem")
    write("/srv/stunnel.conf", "cert = /srv/cert.pem\nkey = /srv/key.pem\nexec = /bin/echo\nexecArgs = echo over tls\n")
    context = ssl.create_default_context(cafile="/srv/cert.pem")
    context.check_hostname = False
    with context.wrap_socket(open_to(9992)) as connection:
        answer = hear(connection, b"\n")
    need(answer == b"over tls\n", repr(answer))
