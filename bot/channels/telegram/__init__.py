"""Telegram: ``connection.TelegramConnection`` brings updates into the inbox, its channel reads and sends."""
