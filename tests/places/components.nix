# What the expressions of contrib/dysnomia say, as text, with the least of nixpkgs that they need. Nothing is built.
{ dysnomia, server, port, proxy }:

let
  lib = {
    optionals = wanted: list: if wanted then list else [];
    optionalAttrs = wanted: set: if wanted then set else {};
    concatMapStrings = f: list: builtins.concatStringsSep "" (map f list);
    concatMapStringsSep = between: f: list: builtins.concatStringsSep between (map f list);
    recursiveUpdate = a: b: a // b;
  };

  file = { text, ... }: text;

  pkgs = {
    stdenv = { shell = "/bin/sh"; mkDerivation = any: any // { outPath = server; }; };
    writeTextFile = file;
    netcat = "/usr";
  };

  here = {
    properties.hostname = "127.0.0.1";
  };

  services = import "${dysnomia}/example/services.nix" {
    inherit pkgs;
    system = "x86_64-linux";
    distribution = {};
    invDistribution = {};
  };

  distribution = import "${dysnomia}/example/distribution.nix" {
    infrastructure = import "${dysnomia}/example/infrastructure.nix";
  };

  packages = import "${dysnomia}/example/packages.nix" { inherit pkgs; };

  # The command that makes the component, with the table in it between marks.
  createSuperdService = import "${dysnomia}/nix/create-superd-service.nix" {
    inherit lib;
    stdenv.mkDerivation = { name, buildCommand }: buildCommand;
    writeTextFile = { name, text }: "<<<${text}>>>";
    createCredentials = credentials: "/credentials";
    basePackages = [ "/base" ];
  };

  generate = arguments: (import "${dysnomia}/nix/generate-superd-service.nix" {
    inherit createSuperdService lib;
    stdenv.shell = "/bin/sh";
    writeTextFile = { name, ... }: "/bin/${name}";
  }) ({
    description = "";
    initialize = "";
    daemon = null;
    daemonArgs = [];
    instanceName = null;
    pidFile = null;
    foregroundProcess = null;
    foregroundProcessArgs = [];
    path = [];
    environment = {};
    directory = null;
    umask = null;
    nice = null;
    user = null;
    dependencies = [];
    credentials = {};
    overrides = {};
    postInstall = "";
  } // arguments);
in
{
  server = packages.hello_world_server { inherit port; };
  proxy = packages.disnix_tcp_proxy { port = proxy; } { hello_world_server = { inherit port; target = here; }; };
  client = packages.hello_world_client { hello_world_server = { port = proxy; target = here; }; };
  types = map (name: services.${name}.type) (builtins.attrNames distribution);
  machines = builtins.length (builtins.concatLists (builtins.attrValues distribution));
  demanded = generate {
    name = "demanded";
    foregroundProcess = "/bin/cat";
    foregroundProcessArgs = [ "a b" "%{port}" "100%" "q\"\\x" ];
    environment = { A = "1 2%"; };
    directory = "/";
    umask = "0027";
    nice = 5;
    overrides = { listen = [ "127.0.0.1:1" ]; sockets.admin = { listen = "127.0.0.1:2"; backlog = 7; }; no_new_privileges = true; };
  };
  booted = generate {
    name = "booted";
    daemon = "/bin/cat";
    daemonArgs = [ "-u" ];
    pidFile = "/run/booted.pid";
    initialize = "true";
    overrides = made: made // { exec_start_pre = "/bin/true"; };
  };
}
