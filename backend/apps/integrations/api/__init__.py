"""The REST API of integrations, under /api/integrations/."""
