# All processes of a model of nix-processmgmt in one folder, with a table that takes in the tables of all:
#
#     nixproc-build --process-manager superd processes.nix
#     superd -f result/superd.conf

{ exprFile ? null
, system ? builtins.currentSystem
, pkgs ? import <nixpkgs> { inherit system; }
, stateDir ? "/var"
, runtimeDir ? "${stateDir}/run"
, logDir ? "${stateDir}/log"
, cacheDir ? "${stateDir}/cache"
, spoolDir ? "${stateDir}/spool"
, lockDir ? "${stateDir}/lock"
, libDir ? "${stateDir}/lib"
, tmpDir ? if stateDir == "/var" then "/tmp" else "${stateDir}/tmp"
, forceDisableUserChange ? false
, callingUser ? null
, callingGroup ? null
, extraParams ? {}
}@told:

let
  model = if exprFile == null then {}: {} else import exprFile;
  wanted = builtins.functionArgs model;
  processes = model (builtins.intersectAttrs wanted (told // { processManager = "superd"; } // extraParams));
in
pkgs.buildEnv {
  name = "superd";
  paths = map (process: process.pkg) (builtins.attrValues processes);
  postBuild = ''
    echo 'include("etc/superd.d/*.conf")' > $out/superd.conf
  '';
}
