window.PluggyConnect = class {};
