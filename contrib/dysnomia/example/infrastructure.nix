# Two machines, of which the first runs superd with the table superd.conf of the folder above.
{
  test1 = {
    properties = {
      hostname = "test1";
    };

    containers = {
      superd-service = {
        superdTargetDir = "/var/lib/superd";
        superdLockTimeout = "30";
      };
    };
  };

  test2 = {
    properties = {
      hostname = "test2";
    };
  };
}
