"""Servers by services of xinetd.conf."""
from server_case import case, need, read, talk, write
from servers_inetd import fingerd, git_daemon, micro_httpd, rsync_daemon, tftpd_datagram_wait


@case("""service http
{
	disable		= no
	socket_type	= stream
	wait		= no
	user		= nobody
	server		= /usr/sbin/micro-httpd
	server_args	= /srv/www
	log_on_failure	+= USERID
}
""", {"/usr/sbin/micro-httpd": "micro-httpd"}, "xinetd")
def micro_httpd_by_xinetd(place):
    micro_httpd(place)


@case("""defaults
{
	log_type	= FILE /srv/log
	log_on_success	= HOST PID EXIT
	log_on_failure	= HOST
	instances	= 60
	cps		= 50 10
}
service rsync
{
	disable		= no
	socket_type     = stream
	wait            = no
	user            = root
	server          = /usr/bin/rsync
	server_args     = --daemon --config=/srv/rsyncd.conf
	only_from       = 127.0.0.0
}
""", {"/usr/bin/rsync": "rsync"}, "xinetd")
def rsync_by_xinetd(place):
    rsync_daemon(place)
    log = read("/srv/log").decode()
    need("START: rsync pid=" in log and " from=127.0.0.1\n" in log, log)


@case("""service tftp
{
	socket_type	= dgram
	protocol	= udp
	wait		= yes
	user		= root
	server		= /usr/sbin/in.tftpd
	server_args	= -t 2 -s /srv/tftp
	disable		= no
	per_source	= 11
	cps		= 100 2
	flags		= IPv4
}
""", {"/usr/sbin/in.tftpd": "tftpd-hpa", "/usr/bin/tftp": "tftp-hpa"}, "xinetd")
def tftpd_by_xinetd(place):
    tftpd_datagram_wait(place)


@case("""service git
{
	disable		= no
	type		= UNLISTED
	port		= 9418
	socket_type	= stream
	protocol	= tcp
	wait		= no
	user		= nobody
	server		= /usr/bin/git
	server_args	= daemon --inetd --export-all --base-path=/srv/git /srv/git
}
""", {"/usr/bin/git": "git"}, "xinetd")
def git_by_xinetd(place):
    git_daemon(place)


# What packages bring themselves, switched on.
@case("/etc/xinetd.d/gophernicus", {"/usr/sbin/gophernicus": "gophernicus"}, "xinetd", {"= yes": "= no"})
def gophernicus_by_its_package(place):
    write("/srv/gopher/hello.txt", "from gopher\n")
    need(b"hello.txt" in talk(70, b"\r\n", close=False), "no menu")
    need(b"from gopher" in talk(70, b"/hello.txt\r\n", close=False), "no text")


@case("/etc/xinetd.d/dicod", {"/usr/bin/dicod": "dicod"}, "xinetd", {"= yes": "= no"})
def dicod_by_its_package(place):
    for host in ("127.0.0.1", "::1"):       # by the one socket that flags = IPv6 asks for
        answer = talk(2628, b"QUIT\r\n", host=host, close=False)
        need(answer.startswith(b"220 ") and b"\r\n221 " in answer, repr(answer))


@case("/usr/share/doc/fingerd/examples/finger.xinetd",
      {"/usr/sbin/in.fingerd": "fingerd", "/usr/bin/finger": "finger"}, "xinetd")
def fingerd_by_its_package(place):
    fingerd(place)
