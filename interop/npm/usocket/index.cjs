module.exports = require('ancillary/usocket')
