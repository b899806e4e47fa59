# Components by the expressions of contrib/dysnomia, with the programs of this machine for those of Nixpkgs.
{ dysnomia, port, proxy, user, folder, nixproc ? null }:

let
  pkgs = import ./nixpkgs.nix;

  inherit (pkgs) lib stdenv writeTextFile;

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

  # What nix-processmgmt hands to a backend of a process manager. nixproc is its folder of that name, where it is here.
  createManagedProcess =
    if nixproc == null then { description ? "", overrides ? {}, ... }@properties: generate ({
      inherit description;
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
      postInstall = "";
    } // properties // { overrides = overrides.superd or {}; })
    else import "${nixproc}/create-managed-process/universal/create-managed-process-universal.nix" {
      inherit pkgs;
      processManager = "superd";
      stateDir = "/var";
      runtimeDir = "/run";
      logDir = "/var/log";
      tmpDir = "/tmp";
    };

  generate = import "${dysnomia}/nix/generate-superd-service.nix" {
    inherit lib stdenv writeTextFile;
    createSuperdService = import "${dysnomia}/nix/create-superd-service.nix" {
      inherit lib stdenv writeTextFile;
      createCredentials = credentials: stdenv.mkDerivation {
        name = "credentials";
        buildCommand = "mkdir -p $out/dysnomia-support";
      };
      basePackages = [ pkgs.coreutils ];
    };
  };

  backend = if nixproc == null then "${dysnomia}/nix" else "${nixproc}/backends/superd";
in
{
  server = packages.hello_world_server { inherit port; };
  proxy = packages.disnix_tcp_proxy { port = proxy; } { hello_world_server = { inherit port; target = here; }; };
  client = packages.hello_world_client { hello_world_server = { port = proxy; target = here; }; };
  types = map (name: services.${name}.type) (builtins.attrNames distribution);
  machines = builtins.length (builtins.concatLists (builtins.attrValues distribution));
  process_type = import "${nixproc}/derive-dysnomia-process-type.nix" { processManager = "superd"; };
  processes = import "${backend}/build-superd-env.nix" {
    inherit pkgs;
    exprFile = ./processes.nix;
    extraParams = { inherit createManagedProcess pkgs folder port proxy user; };
  };
}
