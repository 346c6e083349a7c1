"""PlugFn's store on Django's ORM."""
